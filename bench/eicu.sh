#!/usr/bin/env bash
# Death in hospital from the first day of the eICU demo: text alone, numbers alone, and both, each in
# five folds by patient, with the pooled predictions compared.
#
#     bench/eicu.sh FUSEMOE TABLES FOLDER
#
# FUSEMOE is the program, TABLES the folder of the demo; FOLDER takes the dataset, a run each and the
# comparison. What is there already is not run again.
set -euo pipefail
fusemoe=$(realpath "$1") tables=$(realpath "$2") folder=$3
configs=$(dirname "$(realpath "$0")")/../examples/eicu
mkdir -p "$folder"
cd "$folder"
[ -d stays ] || "$fusemoe" import eicu --tables "$tables" --to stays
for run in config numeric text; do
  [ -f "$run/predictions.csv" ] || "$fusemoe" run "$configs/$run.yaml" --data stays --folds 5 --out "$run"
done
"$fusemoe" compare config numeric text
