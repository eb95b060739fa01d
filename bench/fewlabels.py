#!/usr/bin/env python3
"""A copy of a dataset folder in which most samples of the training split have no label.

    pip install numpy pyarrow pyyaml
    bench/fewlabels.py p12 p12-few [--keep 0.1]

The labels of all tasks of a sample go together. Which ones stay is drawn with a fixed seed;
validation and test split keep all of theirs.
"""
import argparse
import pathlib
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("dataset", type=pathlib.Path)
parser.add_argument("to", type=pathlib.Path)
parser.add_argument("--keep", type=float, default=0.1, help="the share that keeps its labels (default: %(default)s)")
args = parser.parse_args()

shutil.copytree(args.dataset, args.to)
path = args.to / "samples.parquet"
table = pq.read_table(path)
tasks = yaml.safe_load((args.to / "dataset.yaml").read_text())["tasks"]
training = np.array(table["split"].to_pylist()) == "train"
gone = training & (np.random.default_rng(42).random(len(training)) >= args.keep)
for column in {c for t in tasks for c in t.get("columns", [t.get("column")])}:
    values = [None if g else v for g, v in zip(gone, table[column].to_pylist())]
    at = table.schema.get_field_index(column)
    table = table.set_column(at, column, pa.array(values, table.schema.field(at).type))
pq.write_table(table, path)
print(f"{training.sum() - gone.sum()} of {training.sum()} training samples keep their labels")
