"""Writes calibration.json: what scikit-learn makes of some scores.

python -m pip install scikit-learn==1.9.1 && python calibration.py

What scikit-learn has no function for is written out here in the plainest way.
"""

import json

import numpy as np
from scipy.special import expit, logit, softmax
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(20261125)


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose decision function is its input."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.is_fitted_ = True
        return self

    def decision_function(self, x):
        return x[:, 0] if x.shape[1] == 1 else x

    def predict(self, x):
        z = self.decision_function(x)
        return self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(1)]


def calibrated(method, x, y, new):
    x, new = (a.reshape(len(a), -1) for a in (x, new))
    return CalibratedClassifierCV(FrozenEstimator(Given().fit(x, y)), method=method).fit(x, y).predict_proba(new)


def isotonic(p, y, new):
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y).predict(new)


def decision_curve(y, p, t):
    called = p >= t
    odds = t / (1 - t)
    treat_all = y.mean() - (1 - y.mean()) * odds
    return [((called & (y == 1)).sum() - (called & (y == 0)).sum() * odds) / len(y), treat_all]


def operating_point(y, p, t):
    tn, fp, fn, tp = metrics.confusion_matrix(y, p >= t).ravel()
    return [
        metrics.recall_score(y, p >= t),
        metrics.recall_score(y, p >= t, pos_label=0),
        metrics.precision_score(y, p >= t),
        tn / (tn + fn),
        100 * (tp + fp) / len(y),
    ]


def binary():
    """A model that is twice too sure of itself, with some tied scores."""
    y = (rng.random(300) < 0.3).astype(float)
    p = expit(2 * (1.2 * y - 1 + rng.standard_normal(300)))
    p[:40] = np.round(p[:40], 1).clip(0.1, 0.9)
    val, test = slice(0, 150), slice(150, 300)
    fpr, tpr, _ = metrics.roc_curve(y[test], p[test], drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(y[test], p[test])
    observed, mean = calibration_curve(y[test], p[test], n_bins=10, strategy="quantile")
    thresholds = [0.1, 0.3, 0.5]
    return {
        "name": "binary",
        "labels": y.tolist(),
        "scores": p.tolist(),
        "temperature": calibrated("temperature", logit(p[val]), y[val], logit(p[test]))[:, 1].tolist(),
        "isotonic": isotonic(p[val], y[val], p[test]).tolist(),
        "roc": np.stack([fpr, tpr], 1).tolist(),
        # from the highest threshold on, without the point that scikit-learn adds at sensitivity 0
        "pr": np.stack([recall, precision], 1)[-2::-1].tolist(),
        "observed": observed.tolist(),
        "mean": mean.tolist(),
        "benefit": {str(t): decision_curve(y[test], p[test], t) for t in (0.05, 0.2, 0.5, 0.9)},
        "thresholds": thresholds,
        "operating": [operating_point(y[test], p[test], t) for t in thresholds],
    }


def multiclass():
    y = rng.choice(3, 240, p=[0.5, 0.3, 0.2])
    p = softmax(3 * (np.eye(3)[y] + rng.standard_normal((240, 3))), axis=1)
    val, test = slice(0, 120), slice(120, 240)
    apart = np.stack([isotonic(p[val, k], y[val] == k, p[test, k]) for k in range(3)], 1)
    return {
        "name": "multiclass",
        "labels": y.astype(float).tolist(),
        "scores": p.ravel().tolist(),
        "temperature": calibrated("temperature", np.log(p[val]), y[val], np.log(p[test])).ravel().tolist(),
        "isotonic": (apart / apart.sum(1, keepdims=True)).ravel().tolist(),
    }


with open("calibration.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in (binary(), multiclass())) + "\n]\n")
