#!/usr/bin/env bash
# What each choice in the PhysioNet 2012 example is worth: five folds by patient over set a,
# the pooled predictions of every row compared with those of the example itself.
#
#     bench/ablations.sh FUSEMOE SET-A.tar.gz FOLDER [ROW...]
#
# FUSEMOE is the program, FOLDER takes the dataset, a run a row and the table, ablations.md.
# What is there already is not run again. Rows are the names of the files in
# examples/physionet2012/ablations; by default all.
set -euo pipefail
fusemoe=$(realpath "$1") archive=$(realpath "$2") folder=$3
shift 3
here=$(dirname "$(realpath "$0")")
rows=$here/../examples/physionet2012/ablations
mkdir -p "$folder"
cd "$folder"
[ -d stays ] || "$fusemoe" import physionet2012 --train "$archive" --to stays
[ $# -gt 0 ] || set -- $(basename -a -s .yaml "$rows"/*.yaml)
run() {
  [ -f "$1/predictions.csv" ] || "$fusemoe" run "$2" --data stays --folds 5 --out "$1"
}
run example "$rows/../config.yaml"
runs=()
for row in "$@"; do
  run "$row" "$rows/$row.yaml"
  runs+=("$row")
done
"$fusemoe" compare example "${runs[@]}" --format json |
  python3 "$here/ablations.py" >ablations.md
cat ablations.md
