"""Runs: written whole, read back equal, one per model and dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.types import ImageSet
from core.detectors.base import ImageScore
from core.errors import Cancelled, UserError
from core.progress import Progress
from core.store import DatasetStore, ModelStore, Run, RunStore, Workspace, manifest
from core.store.modelfolder import load_calibration, model_id
from core.store.runfolder import RunWriter, map_path
from core.store.scoring import score_folder, scored_part
from tests.store import toy


def test_a_scored_folder(model: Path, data: ImageSet, tmp_path: Path) -> None:
    run = score_folder(model, data, tmp_path / "run", Progress())
    expected = {scored.name: scored for scored in toy.fitted(data).detector.score(data.test(), Progress())}
    frame = run.scores()
    assert list(frame["item"]) == [item.name for item in data.test().items]
    assert list(frame.columns) == ["item", "category", "split", "label", "defect", "score", "p_value", "role"]
    calibration = load_calibration(model)
    for row in frame.itertuples():
        scored = expected[row.item]
        assert row.score == scored.score
        assert row.p_value == calibration.p_value(scored.score)
        np.testing.assert_array_equal(run.map(row.item), scored.map)
        assert run.map(row.item).dtype == np.float32
        picture = run.reconstruction(row.item)
        assert picture is not None
        np.testing.assert_allclose(picture, scored.reconstruction, atol=2)
    assert set(frame["role"]) == {"unseen"}
    assert (run.info.model_id, run.info.dataset_id) == (model_id(model), data.content_id)
    assert (run.info.n_images, run.info.fit_seconds) == (4, 0.25)
    assert run.info.ms_per_image == pytest.approx(1000 * run.info.seconds / 4)


def test_other_libraries_than_at_training_are_told(
    model: Path, data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "library_versions", lambda: {"numpy": "0.1"})
    said: list[str] = []
    score_folder(model, data, tmp_path / "run", Progress(log=said.append))
    assert f"Trained with numpy {np.__version__}, scored with 0.1: scores may differ slightly" in said
    assert "missing" in next(line for line in said if "python" in line)


def test_without_test_images_all_are_scored_and_their_use_is_told(model: Path, data: ImageSet, tmp_path: Path) -> None:
    train = data.where(lambda item: item.split == "train")
    assert scored_part(train) is train
    frame = score_folder(model, train, tmp_path / "run", Progress()).scores()
    assert sorted(frame["role"]) == ["calibration", "calibration", "fit", "fit"]


def test_a_cancelled_run_leaves_nothing(model: Path, data: ImageSet, tmp_path: Path) -> None:
    seen = 0

    def stop() -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        score_folder(model, data, tmp_path / "runs" / "run", Progress(checkpoint=stop))
    assert not list((tmp_path / "runs").iterdir())


def test_values_that_are_not_finite_are_a_bug(data: ImageSet, tmp_path: Path) -> None:
    item = data.items[0]
    for score, value in ((np.nan, 0.0), (0.0, np.inf)):
        with pytest.raises(ValueError, match="not finite"), RunWriter(tmp_path / "run") as writer:
            writer.write(item, ImageScore(item.name, score, np.full((2, 2), value, np.float32)), 0.5, "unseen")
    assert not (tmp_path / "run").exists()


def test_a_run_without_its_description_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="finish"), RunWriter(tmp_path / "run"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "../out.png", "/etc/x.png", "a/../../b.png", "a\0b.png"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="unsafe"):
        map_path(tmp_path, name)


def test_missing_and_damaged_parts_are_told(model: Path, data: ImageSet, tmp_path: Path) -> None:
    run = score_folder(model, data, tmp_path / "run", Progress())
    name = "test/scratch/0.png"
    map_path(run.folder, name).write_bytes(b"no array")
    for item in (name, "nothing.png"):
        with pytest.raises(UserError, match="missing or damaged"):
            run.map(item)
    assert run.reconstruction("nothing.png") is None
    (run.folder / "run.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        Run(run.folder)
    with pytest.raises(UserError, match="no scores here"):
        Run(tmp_path / "nowhere")


def test_an_object_array_is_never_unpickled(model: Path, data: ImageSet, tmp_path: Path) -> None:
    run = score_folder(model, data, tmp_path / "run", Progress())
    name = data.test().items[0].name
    np.save(map_path(run.folder, name), np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="damaged"):
        run.map(name)


def test_one_run_per_model_and_dataset(workspace: Workspace, model: Path, data: ImageSet) -> None:
    models, runs = ModelStore(workspace), RunStore(workspace)
    row = models.add(model, "A")
    pair = (row.id, data.content_id)
    assert runs.get(*pair) is None
    kept = []
    for metrics in (None, {"image_auroc": 0.5}):
        run = score_folder(models.folder(row.id), data, runs.reserve(*pair), Progress())
        kept.append(runs.add(run.folder, metrics))
    assert runs.list(data.content_id) == [kept[1]]
    assert kept[1].metrics == {"image_auroc": 0.5}
    assert [path.name for path in workspace.runs.iterdir()] == [kept[1].id]
    found = runs.get(*pair)
    assert found is not None
    assert found.folder.name == kept[1].id
    models.remove(row.id)
    assert runs.list(data.content_id) == []
    models.restore(row.id)
    assert len(runs.list(data.content_id)) == 1


def test_only_reserved_places_are_indexed(workspace: Workspace, model: Path, data: ImageSet, tmp_path: Path) -> None:
    run = score_folder(model, data, tmp_path / "run", Progress())
    with pytest.raises(ValueError, match="not reserved"):
        RunStore(workspace).add(run.folder)


def _stored(workspace: Workspace, model: Path, data: ImageSet) -> tuple[RunStore, str]:
    """A run in the workspace, over a dataset that is in it."""
    DatasetStore(workspace).add(data)
    row = ModelStore(workspace).add(model, "A")
    runs = RunStore(workspace)
    run = score_folder(ModelStore(workspace).folder(row.id), data, runs.reserve(row.id, data.content_id), Progress())
    return runs, runs.add(run.folder).id


def test_tags_and_note_outlive_another_scoring(workspace: Workspace, model: Path, data: ImageSet) -> None:
    runs, first = _stored(workspace, model, data)
    runs.annotate(first, tags=["line 3", " line 3 ", "ä"], note="  blurred\nlens\x00 ")
    row = runs.row(first)
    assert (row.tags, row.note) == (("line 3", "ä"), "blurred\nlens")
    again = score_folder(
        ModelStore(workspace).folder(row.model_id), data, runs.reserve(row.model_id, row.dataset_id), Progress()
    )
    assert runs.add(again.folder).tags == ("line 3", "ä")
    with pytest.raises(UserError, match="5000 characters is too long"):
        runs.annotate(again.folder.name, tags=[], note="x" * 5000)
    with pytest.raises(UserError, match="not in the workspace"):
        runs.annotate(first, tags=[], note="")


def test_a_removed_run_is_nowhere_until_it_is_restored(workspace: Workspace, model: Path, data: ImageSet) -> None:
    runs, run_id = _stored(workspace, model, data)
    row = runs.row(run_id)
    runs.remove(run_id)
    assert runs.list(row.dataset_id) == runs.everywhere() == []
    assert runs.get(row.model_id, row.dataset_id) is None
    assert not runs.listed(run_id)
    assert [one.id for one in runs.everywhere(deleted=True)] == [run_id]
    runs.restore(run_id)
    assert runs.everywhere() == runs.list(row.dataset_id) == [row]
    assert runs.listed(run_id)
    ModelStore(workspace).remove(row.model_id)
    assert runs.everywhere() == []


def test_scoring_again_takes_the_place_of_a_removed_run(workspace: Workspace, model: Path, data: ImageSet) -> None:
    runs, run_id = _stored(workspace, model, data)
    row = runs.row(run_id)
    runs.remove(run_id)
    again = score_folder(
        ModelStore(workspace).folder(row.model_id), data, runs.reserve(row.model_id, row.dataset_id), Progress()
    )
    runs.add(again.folder)
    assert [one.id for one in runs.everywhere()] == [again.folder.name]
    assert runs.everywhere(deleted=True) == []
