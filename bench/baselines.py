#!/usr/bin/env python3
"""Logistic regression and gradient boosting on summary features of a dataset folder.

    pip install numpy pandas pyarrow pyyaml scikit-learn
    fusemoe import physionet2012 --train set-a.tar.gz --test set-b.tar.gz --to p12
    bench/baselines.py p12 runs/baselines

Both learn from every stay that is not in the test split, training and validation part
alike. Their settings are chosen among a few by five-fold cross-validation by patient on
those stays; the test split is looked at once. runs/baselines/logistic and .../boosting
then hold predictions.csv as `fusemoe run` writes it, for

    fusemoe compare runs/p12 runs/baselines/boosting

A feature is the mean, minimum, maximum, first, last or count of one column over a
sample, or the column itself where it never has more than one value.
"""
import argparse
import pathlib

import numpy as np
import pandas as pd
import yaml
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 1
STATISTICS = ["mean", "min", "max", "first", "last", "count"]


def features(folder, description, ids):
    """A row of summary features for each id; NaN where nothing was observed."""
    tables = []
    for source in description["modalities"]:
        if source["kind"] != "rows":
            continue
        rows = pd.read_parquet(folder / source["file"]).sort_values(["sample", "time"], kind="stable")
        columns = rows.columns.difference(["sample", "time"], sort=False)
        groups = rows.groupby("sample")[list(columns)]
        if groups.count().to_numpy().max() <= 1:
            tables.append(groups.first().reindex(ids))
            continue
        table = groups.agg(STATISTICS)
        table.columns = [f"{column} {statistic}" for column, statistic in table.columns]
        table = table.reindex(ids)
        counts = [c for c in table.columns if c.endswith(" count")]
        table[counts] = table[counts].fillna(0)
        tables.append(table)
    return pd.concat(tables, axis=1).to_numpy(np.float64)


class Clip(BaseEstimator, TransformerMixin):
    """Brings a feature into the range of all but its most extreme hundredths, in which
    slips of the pen lie."""

    def fit(self, x, y=None):
        self.low, self.high = np.nanquantile(x, 0.01, axis=0), np.nanquantile(x, 0.99, axis=0)
        return self

    def transform(self, x):
        return np.clip(x, self.low, self.high)


def logistic(c):
    return make_pipeline(
        Clip(),
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        LogisticRegression(C=c, max_iter=2000),
    )


def boosting(rate, leaves, rounds):
    return HistGradientBoostingClassifier(
        learning_rate=rate, max_leaf_nodes=leaves, max_iter=rounds, min_samples_leaf=20,
        l2_regularization=10, max_features=0.3, early_stopping=False, random_state=SEED,
    )


METHODS = {
    "logistic": {f"C {c:g}": (lambda c=c: logistic(c)) for c in (0.003, 0.01, 0.03, 0.1)},
    "boosting": {
        f"rate {rate:g}, {leaves} leaves, {rounds} rounds": (lambda a=(rate, leaves, rounds): boosting(*a))
        for rate, leaves, rounds in ((0.03, 8, 300), (0.03, 8, 600), (0.03, 16, 300), (0.02, 16, 600))
    },
}


def cross_validated(make, x, y, patients):
    """AUROC and AUPRC, means over the folds."""
    scores = []
    for fit, held in StratifiedGroupKFold(5, shuffle=True, random_state=SEED).split(x, y, patients):
        p = make().fit(x[fit], y[fit]).predict_proba(x[held])[:, 1]
        scores.append((roc_auc_score(y[held], p), average_precision_score(y[held], p)))
    return np.mean(scores, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=pathlib.Path, help="dataset folder with Parquet tables")
    parser.add_argument("out", type=pathlib.Path, help="folder for the predictions")
    parser.add_argument("--task", default="in_hospital_death", help="binary task")
    arguments = parser.parse_args()

    description = yaml.safe_load((arguments.dataset / "dataset.yaml").read_text())
    samples = pd.read_parquet(arguments.dataset / "samples.parquet")
    samples = samples[samples[arguments.task].notna()]
    x = features(arguments.dataset, description, samples["id"])
    y = samples[arguments.task].to_numpy(int)
    patients = samples["patient"].to_numpy()
    test = (samples["split"] == "test").to_numpy()
    print(f"{x.shape[1]} features, {np.sum(~test)} samples to learn from, {np.sum(test)} to test on")

    for method, candidates in METHODS.items():
        chosen, best = None, -1.0
        for name, make in candidates.items():
            auroc, auprc = cross_validated(make, x[~test], y[~test], patients[~test])
            print(f"{method}, {name}: cross-validation AUROC {auroc:.3f}, AUPRC {auprc:.3f}", flush=True)
            if auroc + auprc > best:
                chosen, best = name, auroc + auprc
        scores = candidates[chosen]().fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
        print(f"{method}, {chosen}: test AUROC {roc_auc_score(y[test], scores):.3f}, "
              f"AUPRC {average_precision_score(y[test], scores):.3f}", flush=True)
        folder = arguments.out / method
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({
            "id": samples["id"][test], "patient": samples["patient"][test],
            f"{arguments.task}_label": y[test], f"{arguments.task}_score": scores,
        }).to_csv(folder / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
