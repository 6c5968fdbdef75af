"""Every kind of background work by name. A new kind adds one line here; its file imports heavy things inside."""

from core.jobs.tasks import (
    benchmark,
    cause_accuracy,
    check,
    compare,
    continual,
    demo,
    distill,
    explain,
    export,
    extend,
    importing,
    retrain,
    rust,
    rust_demo,
    rust_photos,
    sample,
    score,
    suspects,
    tracking,
    train,
)
from core.jobs.tasks.contract import TaskInfo

TASKS: dict[str, TaskInfo] = {
    module.TASK.name: module.TASK
    for module in (
        benchmark, importing, sample, train, score, suspects, demo, check, export, explain, cause_accuracy, retrain,
        rust, rust_demo, rust_photos, continual, distill, compare, extend,
        tracking,
    )
}  # fmt: skip
