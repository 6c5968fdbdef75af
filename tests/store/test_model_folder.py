"""A model folder is whole, unaltered, known and harmless, or it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.types import ImageSet
from core.detectors import registry
from core.detectors.calibration import Calibration, Summary
from core.errors import UserError
from core.progress import Progress
from core.store.manifest import FORMAT, Manifest, read_manifest
from core.store.modelfolder import fitted_on, load_model, model_id, verify, write_model
from core.store.scoring import score_folder, scored_part
from tests.store import toy


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest as an attacker would."""
    values = json.loads((folder / "manifest.json").read_bytes())
    edit(values)
    (folder / "manifest.json").write_text(json.dumps(values))


def put(folder: Path, name: str, content: bytes) -> None:
    """Put a file in and list it correctly."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    change(folder, lambda values: values["files"].update({name: entry}))


def test_the_manifest_tells_the_story(model: Path, data: ImageSet) -> None:
    manifest = read_manifest(model)
    assert manifest.detector == "toy"
    assert manifest.params == {"gain": 1.0}
    assert manifest.seed == 3
    assert manifest.dataset.id == data.content_id
    assert (manifest.dataset.items, manifest.dataset.fit, manifest.dataset.calibration) == (8, 2, 2)
    assert manifest.dataset.excluded == 1
    assert (manifest.calibration.scheme, manifest.calibration.n) == ("held-out", 4)
    assert manifest.provenance == {"backbone": "none"}
    assert set(manifest.files) == {"calibration.json", "fitted_on.json", "state/toy.json", "state/toy.safetensors"}
    assert "numpy" in manifest.versions
    assert manifest.other_versions() == {}
    older = manifest.model_copy(update={"versions": {"numpy": "0.1"}})
    assert older.other_versions() == {"numpy": ("0.1", np.__version__)}


def test_a_loaded_model_scores_the_same(model: Path, data: ImageSet) -> None:
    detector, calibration, manifest = load_model(model)
    fresh = toy.fitted(data)
    want = [scored.score for scored in fresh.detector.score(data, Progress())]
    assert [scored.score for scored in detector.score(data, Progress())] == want
    np.testing.assert_array_equal(calibration.scores, fresh.calibration.scores)
    assert fitted_on(model) == dict(fresh.roles)
    assert manifest.name == "First"


def test_a_model_calibrated_by_category_says_so_and_scores_on_the_common_axis(
    tmp_path: Path, model: Path, data: ImageSet
) -> None:
    own = data.categories[0]
    found = [Summary(f"{place}", own, place, place, 0.0) for place in np.linspace(0, 10, 20)]
    found += [Summary(f"far{place}", "far", place, place, 0.0) for place in np.linspace(50, 150, 20)]
    fitted = replace(toy.fitted(data), calibration=Calibration.of(found, "held-out"))
    manifest = write_model(tmp_path / "new", fitted, name="x", dataset=data)
    assert (manifest.format, manifest.calibration.categories) == (FORMAT, tuple(sorted([own, "far"])))
    older = read_manifest(model)  # all together: what an older Faultline reads too
    assert older.format == 1
    assert b"categories" not in json.dumps(json.loads(older.to_bytes())["calibration"]).encode()
    change(tmp_path / "new", lambda values: values["calibration"].update(categories=["far"]))
    with pytest.raises(UserError, match="not the one that its manifest describes"):
        verify(tmp_path / "new")
    write_model(tmp_path / "whole", fitted, name="x", dataset=data)
    run = score_folder(tmp_path / "whole", data, tmp_path / "run", Progress())
    _, calibration, _ = load_model(tmp_path / "whole")
    raw = [one.score for one in fitted.detector.score(scored_part(data), Progress())]
    np.testing.assert_allclose(run.scores()["score"], calibration.place(raw, own))
    np.testing.assert_allclose(run.scores()["p_value"], calibration.p_value(calibration.place(raw, own)))


def test_the_same_training_gives_the_same_bytes(tmp_path: Path, data: ImageSet) -> None:
    for name in ("a", "b"):
        write_model(tmp_path / name, toy.fitted(data), name="x", dataset=data)
    assert model_id(tmp_path / "a") == model_id(tmp_path / "b")


def test_a_crash_while_saving_leaves_nothing(tmp_path: Path, data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: toy.Toy, folder: Path) -> None:
        (folder / "half.safetensors").write_bytes(b"x")
        raise OSError("disk full")

    monkeypatch.setattr(toy.Toy, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_model(tmp_path / "out" / "model", toy.fitted(data), name="x", dataset=data)
    assert not list((tmp_path / "out").iterdir())


def flip(folder: Path) -> None:
    path = folder / "state" / "toy.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "one bit flipped": (flip, "altered"),
    "a file cut": (lambda m: (m / "calibration.json").write_text("{"), "altered"),
    "a file missing": (lambda m: (m / "state" / "toy.json").unlink(), "is missing"),
    "a file more": (lambda m: (m / "state" / "x.py").write_text("import os"), "not in its manifest"),
    "no manifest": (lambda m: (m / "manifest.json").unlink(), "not a model"),
    "no JSON": (lambda m: (m / "manifest.json").write_text("{"), "not valid JSON"),
    "deep JSON": (lambda m: (m / "manifest.json").write_text("[" * 100_000), "not valid JSON"),
    "a list": (lambda m: (m / "manifest.json").write_text("[]"), "not valid"),
    "from the future": (lambda m: change(m, lambda v: v.update(format=99)), "newer Faultline"),
    "unknown detector": (lambda m: change(m, lambda v: v.update(detector="os.system")), "no detector"),
    "unknown parameter": (lambda m: change(m, lambda v: v["params"].update(hook="os.system")), "hook"),
    "unknown field": (lambda m: change(m, lambda v: v.update(loader="os.system")), "loader"),
    "NaN": (lambda m: change(m, lambda v: v.update(fit_seconds=float("nan"))), "fit_seconds"),
    "an absolute name": (lambda m: change(m, lambda v: v["files"].update({"/etc/passwd": {}})), "files"),
    "a name that leads out": (lambda m: put(m, "state/../../evil.json", b"{}"), "files"),
    "a pickle": (lambda m: put(m, "state/model.pkl", b"cos\nsystem\n(S'true'\ntR."), "files"),
    "no skops": (lambda m: put(m, "state/model.skops", b"not a zip"), "cannot be read"),
    "a bad calibration": (lambda m: put(m, "calibration.json", b'{"scheme": "held-out"}'), "calibration is damaged"),
    "bad roles": (lambda m: put(m, "fitted_on.json", b'{"a": "test"}'), "list of training images"),
    "roles that are lists": (
        lambda m: put(m, "fitted_on.json", json.dumps({"0" * 64: ["fit"]}).encode()),
        "list of training images",
    ),
    "another calibration count": (
        lambda m: change(m, lambda v: v["calibration"].update(n=400)),
        "not the one that its manifest describes",
    ),
    "another calibration scheme": (
        lambda m: change(m, lambda v: v["calibration"].update(scheme="cross-fitted")),
        "not the one that its manifest describes",
    ),
    "a negative seed": (lambda m: change(m, lambda v: v.update(seed=-1)), "seed"),
    "a huge seed": (lambda m: change(m, lambda v: v.update(seed=2**31)), "seed"),
    "a median that is no number": (
        lambda m: put(
            m,
            "calibration.json",
            b'{"scheme": "held-out", "scores": [1], "map_maxima": [1], "map_median": NaN}',
        ),
        "calibration is damaged",
    ),
    "roles unlisted": (lambda m: change(m, lambda v: v["files"].pop("fitted_on.json")), "does not list"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_cannot_be_trusted_is_refused(model: Path, attack: str) -> None:
    act, message = ATTACKS[attack]
    act(model)
    with pytest.raises(UserError, match=message):
        load_model(model)


def test_a_link_is_refused(model: Path, tmp_path: Path) -> None:
    state = model / "state" / "toy.json"
    (tmp_path / "same.json").write_bytes(state.read_bytes())
    state.unlink()
    state.symlink_to(tmp_path / "same.json")
    with pytest.raises(UserError, match="altered"):
        verify(model)


def test_skops_may_hold_only_what_detectors_need(model: Path, tmp_path: Path) -> None:
    import skops.io
    from sklearn.ensemble import IsolationForest
    from sklearn.preprocessing import FunctionTransformer

    forest = IsolationForest(n_estimators=5, random_state=0).fit(np.random.default_rng(0).normal(size=(30, 2)))
    put(model, "state/forest.skops", skops.io.dumps(forest))
    verify(model)
    put(model, "state/evil.skops", skops.io.dumps(FunctionTransformer(hashlib.file_digest)))
    with pytest.raises(UserError, match="file_digest"):
        verify(model)


def test_a_model_older_than_a_parameter_keeps_what_it_was_made_with(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = replace(toy.INFO, unsaid={"gain": 3.0})
    monkeypatch.setitem(registry.REGISTRY, "toy", older)
    said = json.loads((model / "manifest.json").read_text())
    assert Manifest.model_validate(said).params == said["params"]
    del said["params"]["gain"]
    assert Manifest.model_validate(said).params["gain"] == 3.0
