"""The figures that models are told apart by, for each kind of data: name in the metrics, title, what it says."""

from __future__ import annotations

IMAGE = {
    "image_auroc": "Image AUROC",
    "image_auprc": "Image AUPRC",
    "image_f1": "F1 at the threshold",
    "image_f1_max": "F1-max (oracle)",
    "pixel_auroc": "Pixel AUROC",
    "aupro": "AUPRO at 0.3",
    "false_alarm_rate": "False-alarm rate",
    "recall": "Recall at the threshold",
    "threshold": "Threshold",
    "score_ms_per_image": "Milliseconds per image",
}
SERIES = {
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "auc_pr": "AUC-PR",
    "auc_roc": "AUC-ROC",
    "f1": "F1 at the threshold",
    "f1_best": "F1-max (oracle)",
    "event_f1": "Event F1",
    "overlap_f1": "Overlap F1",
    "affiliation_f1": "Affiliation F1",
    "pa_f1": "Point-adjusted F1 (inflated)",
    "far": "False-alarm rate",
    "mar": "Missed-alarm rate",
    "delay_median": "Median delay, steps",
    "events_missed": "Share of events missed",
    "hitrate_100": "HitRate@100",
    "hitrate_150": "HitRate@150",
    "top1": "First sensor right",
    "threshold": "Threshold",
    "score_us_per_step": "Microseconds per step",
}
FAILURES = {  # of ``run_to_failure``
    "detected": "Failures warned of",
    "far_healthy": "False alarms while healthy",
    "lead_median": "Median warning before failure",
}
BASELINES = {"random": "random scores", "abs_z": "plain |z|"}
