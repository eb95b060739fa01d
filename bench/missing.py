#!/usr/bin/env python3
"""What it costs runs to lose half of every test sample's modalities, with paired intervals.

    pip install numpy
    bench/missing.py p12 indicator zero mean [--fusemoe PROGRAM]

p12 is a dataset folder, the others run folders that were trained on it. Each predicts the
test split as it is and with half of the modalities of every sample hidden, the same ones
for all runs (`fusemoe predict --hide 0.5`). Printed are both areas under the ROC curve, the
loss, and how much more each further run loses than the first, with 95 % intervals by
bootstrap over patients. A run of several seeds counts as it predicts: with their ensemble,
where run.ensemble is set.
"""
import argparse
import csv
import io
import pathlib
import subprocess

import numpy as np

RESAMPLES = 1000


def scores(text):
    """The score of each sample, of the first task, which is binary."""
    rows = csv.reader(io.StringIO(text))
    header = next(rows)
    column = next(i for i, name in enumerate(header) if name.endswith("_score"))
    return {row[0]: float(row[column]) for row in rows}


def tested(run):
    """The ids, patients and labels of a run's test samples."""
    rows = list(csv.reader((run / "predictions.csv").open()))
    column = next(i for i, name in enumerate(rows[0]) if name.endswith("_label"))
    known = [row for row in rows[1:] if row[column]]
    return [r[0] for r in known], [r[1] for r in known], np.array([float(r[column]) for r in known])


def predicted(fusemoe, run, data, share):
    command = [fusemoe, "predict", run, "--data", data, "--split", "test", "--hide", str(share)]
    return scores(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def auroc(labels, score):
    """The share of pairs in the right order; ties count half."""
    _, rank, count = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = (np.cumsum(count) - (count - 1) / 2)[rank]
    positives = labels.sum()
    negatives = len(labels) - positives
    return (mean_rank[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives)


def resamples(patients):
    """Rows of patients drawn with replacement."""
    random = np.random.default_rng(1)
    _, patient = np.unique(patients, return_inverse=True)
    rows = [np.flatnonzero(patient == p) for p in range(patient.max() + 1)]
    for _ in range(RESAMPLES):
        yield np.concatenate([rows[p] for p in random.integers(len(rows), size=len(rows))])


def interval(values):
    low, high = np.percentile(values, [2.5, 97.5])
    return f"[{low:+.3f}, {high:+.3f}]".replace("-", "−")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("runs", type=pathlib.Path, nargs="+")
    parser.add_argument("--fusemoe", default="fusemoe")
    asked = parser.parse_args()
    ids, patients, labels = tested(asked.runs[0])
    scored = []  # by run: whole and half
    for run in asked.runs:
        both = [predicted(asked.fusemoe, run, asked.data, share) for share in (0, 0.5)]
        scored.append([np.array([s[i] for i in ids]) for s in both])
    drawn = np.array([
        [[auroc(labels[rows], s[rows]) for s in both] for both in scored] for rows in resamples(patients)
    ])  # resamples × runs × (whole, half)
    losses = drawn[:, :, 0] - drawn[:, :, 1]
    print("| run | AUROC | half hidden | loss | more than the first |")
    print("| --- | --- | --- | --- | --- |")
    first = None
    for k, (run, (whole, half)) in enumerate(zip(asked.runs, scored)):
        a, b = auroc(labels, whole), auroc(labels, half)
        first = a - b if first is None else first
        more = f"{a - b - first:+.3f} {interval(losses[:, k] - losses[:, 0])}".replace("-", "−") if k else ""
        print(f"| {run.name} | {a:.3f} | {b:.3f} | {a - b:.3f} {interval(losses[:, k])} | {more} |", flush=True)


main()
