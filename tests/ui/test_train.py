"""Train: what there is to learn from, the choice of a detector, the request, and what became of it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.detectors import registry
from core.jobs.job import Job
from core.jobs.table import JobTable
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from core.ui import words
from core.ui.train import material
from tests.store import toy
from tests.ui import stock
from tests.ui.conftest import Open


@pytest.fixture(autouse=True)
def toy_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)


@pytest.fixture
def page(open_page: Open, parts: DatasetRow) -> AppTest:
    app = open_page("train", detector="patchcore")
    assert not app.exception
    return app


def started(app: AppTest, workspace: Workspace) -> Job:
    """The job after a click on the button that starts."""
    app.button(key="start-training").click().run()
    assert not app.exception
    return JobTable(workspace).list()[0]


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


def test_without_a_dataset_it_leads_to_the_data(open_page: Open, workspace: Workspace) -> None:
    app = open_page("train")
    assert not app.exception
    assert "Nothing to learn from yet" in app.subheader[0].value
    assert app.button(key="train-empty").label == "Load data"


def test_it_says_what_the_dataset_offers(page: AppTest) -> None:
    assert figures(page) == {
        "Good images to learn from": "6",
        "Excluded by you": "0",
        "Images for calibration": "6",
        "Lowest false-alarm rate": "14.3\u00a0%",
    }
    assert "There are only 6 different good images to learn from" in stock.texts(page)


def test_excluded_images_are_left_out_of_figures_and_of_the_request(
    open_page: Open, parts: DatasetRow, workspace: Workspace
) -> None:
    store = DatasetStore(workspace)
    name = store.get(parts.id).normals().items[0].name
    store.set_excluded(parts.id, [name], True)
    app = open_page("train")
    assert (figures(app)["Good images to learn from"], figures(app)["Excluded by you"]) == ("5", "1")
    assert started(app, workspace).spec["exclude"] == [name]


def test_with_every_image_excluded_nothing_can_be_started(
    open_page: Open, parts: DatasetRow, workspace: Workspace
) -> None:
    store = DatasetStore(workspace)
    store.set_excluded(parts.id, [item.name for item in store.get(parts.id).normals().items], True)
    app = open_page("train")
    assert not app.exception
    assert [error.value for error in app.error] == [material.NOTHING]
    assert "start-training" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("different", "detector", "scheme", "n"),
    [(60, "patchcore", "cross-fitted", 60), (60, "image-vae", "held-out", 12), (500, "patchcore", "held-out", 100)],
)
def test_calibration_follows_the_rule_of_training(different: int, detector: str, scheme: str, n: int) -> None:
    found = material.Material(
        different, 0, different, *material.planned_calibration(registry.info(detector), different)
    )
    assert (found.scheme, found.calibration) == (scheme, n)
    assert found.lowest_rate == 1 / (n + 1)


def test_every_detector_has_a_card_with_its_paper(page: AppTest) -> None:
    for entry in registry.of("image").values():
        assert f"**{entry.title}**" in stock.texts(page)
        assert entry.summary in stock.texts(page)
    assert "[arXiv:2106.08265](https://arxiv.org/abs/2106.08265)" in stock.texts(page)


def test_a_card_chooses_a_detector_and_the_link_keeps_it(page: AppTest) -> None:
    page.button(key="choose-padim").click().run()
    assert page.query_params["detector"] == "padim"
    assert "Settings of PaDiM" in stock.texts(page)
    assert page.button(key="choose-padim").label == "Chosen"


def test_a_link_with_a_detector_that_does_not_exist_falls_back(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("train", detector="crystal-ball")
    assert not app.exception
    assert "Settings of PatchCore" in stock.texts(app)


def test_the_form_becomes_a_job(page: AppTest, workspace: Workspace, parts: DatasetRow) -> None:
    page.get_by_key("train.patchcore.bank_size").set_value(1000)
    page.get_by_key("train.patchcore.backbone").set_value("resnet18")
    page.text_input(key="train.name").set_value("  Mine  ")
    page.number_input(key="train.seed").set_value(7).run()
    job = started(page, workspace)
    assert (job.kind, job.title, job.state) == ("train", "Mine", "queued")
    assert (job.spec["dataset_id"], job.spec["seed"], job.spec["name"]) == (parts.id, 7, "Mine")
    assert (job.spec["params"]["bank_size"], job.spec["params"]["backbone"]) == (1000, "resnet18")
    assert "Exactly this training is under way." in stock.texts(page)


def test_a_preset_fills_the_form(page: AppTest, workspace: Workspace) -> None:
    page.get_by_key("train.patchcore.preset").set_value("paper").run()
    job = started(page, workspace)
    assert job.spec["params"]["bank_size"] == 20_000
    assert job.spec["name"] == "PatchCore on parts"


def test_settings_survive_a_look_at_another_page(page: AppTest) -> None:
    page.get_by_key("train.patchcore.bank_size").set_value(1000).run()
    page.switch_page("../../pages/models.py").run()
    page.switch_page("../../pages/train.py").run()
    assert page.get_by_key("train.patchcore.bank_size").value == 1000


def test_a_value_that_the_detector_refuses_is_told_in_place(page: AppTest) -> None:
    page.get_by_key("train.patchcore.image_size").set_value(130).run()
    assert not page.exception
    assert words.plain("«image_size»") in stock.texts(page)
    assert "start-training" not in [button.key for button in page.button]


def test_identical_work_is_offered_from_the_store(page: AppTest, workspace: Workspace, parts: DatasetRow) -> None:
    first = started(page, workspace)
    stock.end(workspace, first.id, "succeeded", result=stock.toy_result(workspace, parts, name="Old *friend*"))
    page.run()
    assert r"This exact model exists: **Old \*friend\***" in stock.texts(page)
    assert page.button(key="start-training").label == "Train again"
    again = started(page, workspace)
    assert again.id != first.id
    assert again.spec == first.spec


def test_the_model_of_the_first_click_is_offered_too(page: AppTest, workspace: Workspace, parts: DatasetRow) -> None:
    jobs = JobTable(workspace)
    demo = jobs.submit("demo", {"sample": "parts", "detector": "patchcore"}, title="Sample parts").job_id
    made = {"dataset_id": parts.id} | stock.toy_result(workspace, parts, name="One click")
    stock.end(workspace, demo, "succeeded", result=made)
    page.run()
    assert "This exact model exists: **One click**" in stock.texts(page)
    page.get_by_key("train.patchcore.bank_size").set_value(1000).run()
    assert "This exact model exists" not in stock.texts(page)


def test_the_model_that_exists_opens_in_inspect(page: AppTest, workspace: Workspace, parts: DatasetRow) -> None:
    first = started(page, workspace)
    result = stock.toy_result(workspace, parts)
    stock.end(workspace, first.id, "succeeded", result=result)
    page.run()
    page.button(key="open-existing").click().run()
    assert not page.exception
    assert page.session_state["_model"].id == result["model_id"]


def test_a_running_job_is_shown_and_can_be_stopped(page: AppTest, workspace: Workspace) -> None:
    job = started(page, workspace)
    stock.start(workspace, job.id)
    page.run()
    assert "PatchCore on parts" in stock.texts(page)
    page.button(key=f"training-cancel-{job.id}").click().run()
    assert JobTable(workspace).get(job.id).cancel_requested


def test_a_failure_gives_its_reason_and_the_hint(page: AppTest, workspace: Workspace) -> None:
    job = started(page, workspace)
    stock.end(workspace, job.id, "failed", error="Memory ran out", hint="Use smaller images")
    page.run()
    assert words.plain("Memory ran out. Use smaller images.") in stock.texts(page)
    page.button(key=f"ended-retry-{job.id}").click().run()
    assert [one.spec for one in JobTable(workspace).list(active=True)] == [job.spec]


def test_a_training_that_ended_shows_its_figures(page: AppTest, workspace: Workspace, parts: DatasetRow) -> None:
    job = started(page, workspace)
    stock.end(workspace, job.id, "succeeded", result=stock.toy_result(workspace, parts))
    page.run()
    assert "image AUROC **" in stock.texts(page)


def test_losses_are_curves_and_other_figures_words(page: AppTest, workspace: Workspace) -> None:
    job = started(page, workspace)
    stock.start(workspace, job.id)
    with workspace.transaction() as db:
        db.executemany(
            "INSERT INTO curves (job_id, name, step, value) VALUES (?, ?, ?, ?)",
            [(job.id, "val_loss", 1, 0.5), (job.id, "val_loss", 2, 0.25), (job.id, "active_units", 2, 505.0)],
        )
    page.run()
    assert len(page.get("plotly_chart")) == 1
    assert "active units **505**" in stock.texts(page)
