"""Writes sklearn.json: predictions and what scikit-learn says of them.

python -m pip install scikit-learn==1.7.2 && python generate.py

What scikit-learn has no function for is written out here in the plainest way.
"""

import json
import math

import numpy as np
from sklearn import metrics

rng = np.random.default_rng(20240607)


def nan_to_null(a):
    return [None if math.isnan(v) else float(v) for v in np.asarray(a, dtype=float).ravel()]


def tuned(y, p):
    """The highest of the thresholds with the largest F1."""
    best = max((metrics.f1_score(y, p >= t), t) for t in np.unique(p))
    return best[1]


def min_se_ppv(y, p):
    return max(
        min(metrics.recall_score(y, p >= t), metrics.precision_score(y, p >= t)) for t in np.unique(p)
    )


def ece(y, p):
    y = y.astype(float)
    for t in np.unique(p):  # a run of equal scores shares its positives
        y[p == t] = y[p == t].mean()
    order = np.argsort(p)[::-1]
    y, p, n = y[order], p[order], len(y)
    edges = [b * n // 10 for b in range(11)]
    return sum(abs((p[a:b] - y[a:b]).sum()) for a, b in zip(edges, edges[1:])) / n


def binary(y, p, threshold=None):
    t = tuned(y, p) if threshold is None else threshold
    return {
        "auroc": metrics.roc_auc_score(y, p),
        "auprc": metrics.average_precision_score(y, p),
        "f1": metrics.f1_score(y, p >= 0.5, zero_division=0),
        "f1_tuned": metrics.f1_score(y, p >= t),
        "threshold": t,
        "min_se_ppv": min_se_ppv(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "ece": ece(y, p),
        "log_loss": metrics.log_loss(y, p),
        "n": len(y),
        "positives": int(y.sum()),
    }


def case(name, kind, labels, scores, columns, expect, **more):
    return {
        "name": name,
        "kind": kind,
        "columns": columns,
        "labels": nan_to_null(labels),
        "scores": nan_to_null(scores),
        "expect": {k: float(v) for k, v in expect.items()},
        **more,
    }


def noisy(y, spread):
    return 1 / (1 + np.exp(-(2 * y - 1 + spread * rng.standard_normal(np.shape(y)))))


def binary_cases():
    y = (rng.random(150) < 0.4).astype(float)
    p = noisy(y, 1.5)
    yield case("distinct scores", "binary", y, p, ["death"], binary(y, p))
    yield case("a given threshold", "binary", y, p, ["death"], binary(y, p, 0.3), thresholds=[0.3])
    p = np.round(noisy(y, 1.5), 1)
    yield case("ties", "binary", y, p, ["death"], binary(y, p))
    y = np.zeros(203)
    y[:9] = 1
    p = noisy(y, 1.0) * 0.4
    yield case("few positives, none called", "binary", y, p, ["death"], binary(y, p))
    y = np.array([0.0] * 10 + [1.0] * 10)
    yield case("perfect and certain", "binary", y, y, ["death"], binary(y, y))
    yield case("wrong and certain", "binary", y, 1 - y, ["death"], binary(y, 1 - y))
    yield case("all alike", "binary", y, np.full(20, 0.3), ["death"], binary(y, np.full(20, 0.3)))
    y = np.where(rng.random(120) < 0.2, np.nan, (rng.random(120) < 0.5).astype(float))
    p = noisy(np.nan_to_num(y), 2.0)
    known = ~np.isnan(y)
    yield case("unknown labels", "binary", y, p, ["death"], binary(y[known], p[known]))


def multilabel_case():
    y = (rng.random((130, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(float)
    p = noisy(y, 1.5)
    each = [binary(y[:, k], p[:, k]) for k in range(4)]
    expect = {
        m: np.mean([e[m] for e in each])
        for m in ["auroc", "auprc", "f1", "f1_tuned", "min_se_ppv", "brier", "ece", "log_loss"]
    }
    expect |= {
        "auroc_micro": metrics.roc_auc_score(y, p, average="micro"),
        "auprc_micro": metrics.average_precision_score(y, p, average="micro"),
        "f1_micro": metrics.f1_score(y, p >= 0.5, average="micro"),
        "n": 130,
        "positives": y.sum(),
    }
    columns = ["sepsis", "shock", "stroke", "burns"]
    labels = {c: {k: float(v) for k, v in e.items()} for c, e in zip(columns, each)}
    return case("four labels", "multilabel", y, p, columns, expect, expect_labels=labels)


def multiclass_case(name, classes, absent):
    y = rng.choice(classes - absent, 140)
    logits = 1.2 * np.eye(classes)[y] + rng.standard_normal((140, classes))
    if absent:
        logits[:, -absent:] -= 20  # never called either
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    present = range(classes - absent)
    expect = {
        "accuracy": metrics.accuracy_score(y, p.argmax(1)),
        "auroc": np.mean([metrics.roc_auc_score(y == k, p[:, k]) for k in present]),
        "auprc": np.mean([metrics.average_precision_score(y == k, p[:, k]) for k in present]),
        "f1": metrics.f1_score(y, p.argmax(1), average="macro"),
        "log_loss": metrics.log_loss(y, p, labels=range(classes)),
        "n": 140,
    }
    names = [f"c{k}" for k in range(classes)]
    return case(name, "multiclass", y, p, ["ward"], expect, classes=names)


def regression_case():
    y = np.float32(rng.gamma(2, 5, 160)).astype(float)
    p = 0.6 * y + 3 + 4 * rng.standard_normal(160)
    expect = {
        "mae": metrics.mean_absolute_error(y, p),
        "rmse": metrics.root_mean_squared_error(y, p),
        "pearson": np.corrcoef(y, p)[0, 1],
        "r2": metrics.r2_score(y, p),
        "n": 160,
    }
    return case("days", "regression", y, p, ["days"], expect)


def interval_case():
    """Percentile intervals over 20,000 resamples of the patients, who have one to four samples each."""
    owner = np.repeat(np.arange(120), rng.integers(1, 5, 120))
    y = (rng.random(120) < 0.35).astype(float)[owner]
    p = noisy(y, 1.5) * 0.5 + noisy((rng.random(120) < 0.5).astype(float), 1.0)[owner] * 0.5
    drawn = []
    while len(drawn) < 20_000:
        rows = np.concatenate([np.flatnonzero(owner == o) for o in rng.integers(0, 120, 120)])
        if 0 < y[rows].sum() < len(rows):
            drawn.append(
                (
                    metrics.roc_auc_score(y[rows], p[rows]),
                    metrics.average_precision_score(y[rows], p[rows]),
                    metrics.brier_score_loss(y[rows], p[rows]),
                )
            )
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    intervals = {m: [low[i], high[i]] for i, m in enumerate(["auroc", "auprc", "brier"])}
    patients = [f"p{o}" for o in owner]
    expect = binary(y, p)
    return case("intervals", "binary", y, p, ["death"], expect, patients=patients, intervals=intervals)


cases = [
    *binary_cases(),
    multilabel_case(),
    multiclass_case("three classes", 3, 0),
    multiclass_case("a class without samples", 4, 1),
    regression_case(),
    interval_case(),
]
with open("sklearn.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
