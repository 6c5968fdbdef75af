"""What a detector that guesses would get: the row that every other row is read against."""

from __future__ import annotations

import numpy as np

from core.metrics.ranking import f1_max


def random_scores(
    n_good: int, n_bad: int, rate: float, *, limit: float = 0.3, resamples: int = 200, seed: int = 0
) -> dict[str, float | None]:
    """Expected metrics of scores drawn without looking, on ``n_good`` good and ``n_bad`` anomalous images.

    ``image_auroc`` and ``pixel_auroc`` are 1/2. ``image_auprc`` is the exact mean of average precision over all
    orders, which tends to the share of anomalous images. ``aupro`` is limit / 2: a guess finds as much of every
    region as it falsely flags of the background. ``image_f1`` (where a share ``rate`` of the images is flagged) and
    ``image_f1_max`` are means of ``resamples`` simulated guesses. All None with one class.
    """
    names = ("image_auroc", "image_auprc", "image_f1_max", "image_f1", "pixel_auroc", "aupro")
    if not n_good or not n_bad:
        return dict.fromkeys(names)
    rng = np.random.default_rng(seed)
    n = n_good + n_bad
    truth = np.arange(n) < n_bad
    best = [found.f1 for _ in range(resamples) if (found := f1_max(rng.random(n), truth))]
    called_bad = rng.binomial(n_bad, rate, resamples)
    called_good = rng.binomial(n_good, rate, resamples)
    return {
        "image_auroc": 0.5,
        "image_auprc": _mean_average_precision(n, n_bad),
        "image_f1_max": float(np.mean(best)),
        "image_f1": float(np.mean(2 * called_bad / (called_bad + called_good + n_bad))),
        "pixel_auroc": 0.5,
        "aupro": limit / 2,
    }


def _mean_average_precision(n: int, positives: int) -> float:
    """Over all orders: the k - 1 images above a positive at rank k hold (k - 1) (p - 1) / (n - 1) others on average."""
    ranks = np.arange(1, n + 1)
    others = (ranks - 1) * (positives - 1) / (n - 1)
    return float(np.mean((1 + others) / ranks))
