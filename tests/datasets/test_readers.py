"""Folders as people keep them, and folders as they should not be."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.layouts import FORMATS
from core.datasets.readers import read
from core.datasets.types import ImageItem, ImageSet
from core.errors import Cancelled, UserError
from core.progress import Progress

Put = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def facts(data: ImageSet) -> dict[str, tuple[str, str | None, str | None]]:
    return {item.name: (item.split, item.label, item.defect) for item in data.items}


def reasons(data: ImageSet) -> dict[str, str]:
    return {one.name: one.reason for one in data.rejected}


def masks(data: ImageSet) -> dict[str, str]:
    return {item.name: item.mask.name for item in data.items if item.mask}


def test_mvtec(root: Path, put: Put, put_mask: Put) -> None:
    for name in ("train/good/0.png", "test/good/0.png", "test/scratch/0.png", "test/dent/0.png"):
        put(name, size=(24, 16))
    put_mask("ground_truth/scratch/0_mask.png")
    put_mask("ground_truth/dent/0_mask.png", None)
    data = read(root)
    assert (data.format, data.name, data.categories) == ("mvtec", "set", ["set"])
    assert facts(data) == {
        "train/good/0.png": ("train", "good", None),
        "test/good/0.png": ("test", "good", None),
        "test/scratch/0.png": ("test", "bad", "scratch"),
        "test/dent/0.png": ("test", "bad", "dent"),
    }
    assert masks(data) == {"test/scratch/0.png": "0_mask.png"}  # an empty mask is no mask, and that is said
    assert any("Empty mask" in note and "test/dent/0.png" in note for note in data.notes)
    assert [item.name for item in data.items] == sorted(item.name for item in data.items)
    item = data.by_name["test/scratch/0.png"]
    assert (item.width, item.height, len(item.sha256), len(item.mask_sha256 or "")) == (24, 16, 64, 64)


@pytest.mark.parametrize(
    ("good", "bad", "truth"),
    [("ok", "ko", "ground_truth"), ("Good", "NG", "masks"), ("OK", "Not OK", "GroundTruth"), ("ok_front", "def", "gt")],
)
def test_mvtec_in_other_spellings(root: Path, put: Put, put_mask: Put, good: str, bad: str, truth: str) -> None:
    for name in (f"Train/{good}/a.png", f"Test/{good}/b.png", f"Test/{bad}/c.png"):
        put(name)
    put_mask(f"{truth}/{bad}/c.png")
    data = read(root)
    assert facts(data) == {
        f"Train/{good}/a.png": ("train", "good", None),
        f"Test/{good}/b.png": ("test", "good", None),
        f"Test/{bad}/c.png": ("test", "bad", None),
    }
    assert masks(data) == {f"Test/{bad}/c.png": "c.png"}


def test_good_and_bad_in_both_splits(root: Path, put: Put) -> None:
    for name in ("train/ok_front/a.png", "train/def_front/b.png", "test/ok_front/c.png", "test/def_front/d.png"):
        put(name)
    data = read(root)
    assert facts(data)["train/def_front/b.png"] == ("train", "bad", "def_front")
    assert [item.name for item in data.normals().items] == ["train/ok_front/a.png"]


def test_training_images_without_a_good_folder_are_unlabelled(root: Path, put: Put) -> None:
    put("train/a.png")
    put("test/a.png")
    data = read(root)
    assert facts(data) == {"train/a.png": ("train", None, None), "test/a.png": ("test", None, None)}
    assert any("unknown" in note for note in data.notes)


@pytest.mark.parametrize(("good", "bad"), [("good", "bad"), ("OK", "NG"), ("normal", "Anomalies"), ("io", "n.i.o.")])
def test_good_bad(root: Path, put: Put, good: str, bad: str) -> None:
    for i in range(60):
        put(f"{good}/{i}.png")
    put(f"{bad}/0.png")
    put(f"{bad}/scratch/0.png")
    data = read(root)
    assert data.format == "good-bad"
    assert facts(data)[f"{bad}/0.png"] == ("test", "bad", None)
    assert facts(data)[f"{bad}/scratch/0.png"] == ("test", "bad", "scratch")
    splits = Counter(item.split for item in data.items if item.label == "good")
    assert 4 <= splits["test"] <= 20 and any(f"{splits['test']} of the 60" in note for note in data.notes)


def test_the_split_follows_from_content_alone(root: Path, put: Put) -> None:
    for i in range(30):
        put(f"good/{i}.png", seed=i)
        put(f"good/copy {i}.png", seed=i)
    before = {item.name: item.split for item in read(root).items}
    assert all(before[f"good/{i}.png"] == before[f"good/copy {i}.png"] for i in range(30))
    put("good/new.png", seed=99)
    put("bad/0.png")
    after = {item.name: item.split for item in read(root).items}
    assert before.items() <= after.items()


def test_a_handful_of_good_images_is_never_all_held_back(root: Path, put: Put) -> None:
    for seed in range(40):
        put("good/a.png", seed=seed)
        found = read(root)
        assert found.items[0].split == "train"
        assert "the good one for training: too few for any" in " ".join(found.notes)


def test_defect_folders_beside_a_good_one(root: Path, put: Put) -> None:
    for name in ("good/a.png", "scratch/a.png", "dent/a.png"):
        put(name)
    assert facts(read(root))["scratch/a.png"] == ("test", "bad", "scratch")


def test_other_folders_beside_good_and_bad_are_left_out(root: Path, put: Put) -> None:
    for name in ("good/a.png", "bad/a.png", "unsure/a.png"):
        put(name)
    assert list(reasons(read(root))) == ["unsure/a.png"]


def test_a_wrapper_called_test(root: Path, put: Put) -> None:
    put("test/train/good/a.png")
    put("test/test/dent/a.png")
    assert facts(read(root)) == {
        "train/good/a.png": ("train", "good", None),
        "test/dent/a.png": ("test", "bad", "dent"),
    }


def test_a_mask_never_goes_to_an_image_of_another_folder(root: Path, put: Put, put_mask: Put) -> None:
    for name in ("train/good/7.png", "test/dent/8.png", "test/dent/9.png"):
        put(name)
    put_mask("ground_truth/dent/7_mask.png")  # its image is missing; train/good/7.png is another part
    put_mask("ground_truth/8_mask.png")  # all masks in one folder
    data = read(root)
    assert masks(data) == {"test/dent/8.png": "8_mask.png"}
    assert list(reasons(data)) == ["ground_truth/dent/7_mask.png"]


def test_paths_do_not_depend_on_the_working_directory(
    root: Path, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("good/a.png")
    monkeypatch.chdir(tmp_path)
    data = read(Path("set"))
    assert data.root.is_absolute() and data.items[0].path.is_absolute() and data.name == "set"


def test_visa(root: Path, put: Put, put_mask: Put) -> None:
    for product in ("candle", "fryum"):
        put(f"{product}/Data/Images/Normal/000.png")
        put(f"{product}/Data/Images/Anomaly/000.png")
        put_mask(f"{product}/Data/Masks/Anomaly/000.png")
    data = read(root)
    assert (data.format, data.categories, len(data)) == ("categories", ["candle", "fryum"], 4)
    bad = data.by_name["candle/Data/Images/Anomaly/000.png"]
    assert (bad.label, bad.split, bad.mask) == ("bad", "test", root / "candle/Data/Masks/Anomaly/000.png")


def test_masks_beside_their_images_label_them(root: Path, put: Put, put_mask: Put) -> None:
    put("part0.png")
    put("part1.png")
    put("part2.png")
    put_mask("part0_label.png")
    put_mask("part1_label.png", None)
    data = read(root)
    assert {name: label for name, (_, label, _) in facts(data).items()} == {
        "part0.png": "bad", "part1.png": "good", "part2.png": None,
    }  # fmt: skip
    assert facts(data)["part0.png"][0] == "test"


def test_flat(root: Path, put: Put) -> None:
    put("a.png")
    put("b/c.jpg")
    data = read(root)
    assert data.format == "flat"
    assert facts(data) == {"a.png": ("train", None, None), "b/c.jpg": ("train", None, None)}


def test_categories_of_every_layout(root: Path, put: Put, put_mask: Put) -> None:
    for name in ("bolt/train/good/0.png", "bolt/test/bent/0.png", "nut/ok/0.png", "nut/ng/0.png", "ring/0.png"):
        put(name)
    put_mask("bolt/ground_truth/bent/0_mask.png")
    put("mask/train/good/0.png")  # face masks are a product too
    data = read(root)
    assert (data.format, data.categories) == ("categories", ["bolt", "mask", "nut", "ring"])
    assert {item.name: item.category for item in data.items}["nut/ng/0.png"] == "nut"
    assert masks(data) == {"bolt/test/bent/0.png": "0_mask.png"}
    assert not data.rejected


def test_folders_that_only_wrap_are_looked_through(tmp_path: Path, put: Put) -> None:
    put("upload/flange/train/good/0.png")
    put("upload/flange/test/chip/0.png")
    data, inner = read(tmp_path / "set"), read(tmp_path / "set/upload/flange")
    assert (data.name, data.format) == ("flange", "mvtec")
    assert facts(data) == facts(inner) and data.content_id == inner.content_id


def test_format_overrides_and_says_why_it_does_not_fit(root: Path, put: Put) -> None:
    put("train/good/a.png")
    put("test/good/a.png")
    assert read(root, format="flat").format == "flat"
    for wrong in ("good-bad", "categories"):
        with pytest.raises(UserError, match=wrong) as caught:
            read(root, format=wrong)
        assert all(known in str(caught.value) for known in FORMATS)
    with pytest.raises(UserError, match="no dataset format named mvtech"):
        read(root, format="mvtech")


def test_bad_files_are_listed_with_the_reason(root: Path, put: Put) -> None:
    put("good/fine.png")
    for name, content in {
        "good/empty.png": b"",
        "good/text.jpg": b"not a picture",
        "good/raw.cr2": b"II*",
        "good/movie.mp4": b"....",
        "good/cut.png": (root / "good/fine.png").read_bytes()[:300],
    }.items():
        (root / name).write_bytes(content)
    (root / "good" / "notes.txt").write_text("nothing")
    (root / "good" / "Thumbs.db").write_text("nothing")
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "._fine.png").write_bytes(b"resource fork")
    (root / ".DS_Store").write_bytes(b"x")
    data = read(root)
    assert [item.name for item in data.items] == ["good/fine.png"]
    found = reasons(data)
    assert set(found) == {f"good/{n}" for n in ("empty.png", "text.jpg", "raw.cr2", "movie.mp4", "cut.png")}
    assert "empty" in found["good/empty.png"] and "cut short" in found["good/cut.png"]
    assert any("passed over: 4 files" in note for note in data.notes)


def test_links_out_of_the_folder_are_refused_and_inside_are_read(root: Path, put: Put, tmp_path: Path) -> None:
    inside = put("good/a.png")
    secret = tmp_path / "secret.png"
    secret.write_bytes(inside.read_bytes())
    (root / "good/out.png").symlink_to(secret)
    (root / "good/in.png").symlink_to(inside)
    (root / "good/dead.png").symlink_to(root / "nowhere.png")
    (root / "good/circle.png").symlink_to(root / "good/circle.png")
    (root / "good/folder").symlink_to(tmp_path)
    data = read(root)
    assert [item.name for item in data.items] == ["good/a.png", "good/in.png"]
    assert set(reasons(data)) == {f"good/{n}" for n in ("out.png", "dead.png", "circle.png", "folder")}
    assert "leads out" in reasons(data)["good/out.png"]


def test_a_linked_root_is_followed(root: Path, put: Put, tmp_path: Path) -> None:
    put("good/a.png")
    (tmp_path / "alias").symlink_to(root)
    assert len(read(tmp_path / "alias")) == 1


def test_names_in_any_script(root: Path, put: Put) -> None:
    names = ["gut/Prüfteil 1.png", "gut/部品 #2.png", "gut/😀.png", "gut/e\u0301.png", "gut/é.png", "gut/a\nb.png"]
    for name in names:
        put(name)
    assert sorted(names) == [item.name for item in read(root).items]


def test_a_name_that_is_no_text_is_rejected(root: Path, put: Put) -> None:
    put("good/a.png")
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/good/\xff.png")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert "UTF-8" in reasons(read(root))["good/?.png"]


def test_fifos_and_stray_files_are_rejected(root: Path, put: Put) -> None:
    put("train/good/a.png")
    put("elsewhere/b.png")
    os.mkfifo(root / "train/good/pipe.png")
    assert set(reasons(read(root))) == {"elsewhere/b.png", "train/good/pipe.png"}


def test_masks_that_do_not_fit_are_rejected_and_the_images_stay(root: Path, put: Put, put_mask: Put) -> None:
    for name in ("train/good/a.png", "test/bad/a.png", "test/bad/b.png", "test/bad/c.png", "test/good/d.png"):
        put(name)
    put_mask("ground_truth/bad/a_mask.png", size=(24, 24))  # another shape
    put_mask("ground_truth/bad/b_mask.png", size=(48, 32))  # the same shape, twice as large
    put_mask("ground_truth/good/d.png")  # contradicts the folder
    put_mask("ground_truth/bad/nobody_mask.png")
    (root / "ground_truth/bad/c_mask.png").write_bytes(b"broken")
    data = read(root)
    assert len(data) == 5 and masks(data) == {"test/bad/b.png": "b_mask.png"}
    assert set(reasons(data)) == {f"ground_truth/bad/{n}_mask.png" for n in ("a", "c", "nobody")}
    assert any("scaled" in note for note in data.notes) and any("ignored" in note for note in data.notes)


def test_the_mask_of_an_unreadable_image_is_listed_too(root: Path, put: Put, put_mask: Put) -> None:
    put("train/good/a.png")
    put("test/bad/a.png").write_bytes(b"broken")
    put_mask("ground_truth/bad/a_mask.png")
    assert set(reasons(read(root))) == {"test/bad/a.png", "ground_truth/bad/a_mask.png"}


@pytest.mark.parametrize("content", [None, b"junk"])
def test_nothing_readable_is_one_clear_sentence(root: Path, content: bytes | None) -> None:
    if content:
        (root / "a.png").write_bytes(content)
    with pytest.raises(UserError, match=r"readable image|no image") as caught:
        read(root)
    assert str(root) in str(caught.value)


def test_a_file_and_a_missing_folder_are_told(root: Path, put: Put) -> None:
    for path in (put("a.png"), root / "missing"):
        with pytest.raises(UserError, match="folder"):
            read(path)


def test_identity_follows_from_content_not_from_place(tmp_path: Path, root: Path, put: Put) -> None:
    first = put("good/a.png")
    before = read(root).content_id
    root.rename(tmp_path / "moved")
    assert read(tmp_path / "moved").content_id == before
    moved = tmp_path / "moved/good" / first.name
    moved.write_bytes(moved.read_bytes() + b"\n")
    assert read(tmp_path / "moved").content_id != before


def test_progress_rises_to_one_and_cancelling_stops_early(root: Path, put: Put) -> None:
    for i in range(30):
        put(f"good/{i}.png")
    seen: list[float] = []
    read(root, progress=Progress(lambda fraction, stage, metrics: seen.append(fraction)))
    assert seen == sorted(seen) and seen[-1] == 1

    calls = 0

    def cancel() -> None:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        read(root, progress=Progress(checkpoint=cancel))


def test_magnetic_tile(magnetic_tile: ImageSet) -> None:
    def kind(item: ImageItem) -> tuple[str, str | None]:
        return item.split, item.label

    assert Counter(map(kind, magnetic_tile.items)) == {
        ("train", "good"): 761,
        ("test", "good"): 191,
        ("test", "bad"): 392,
    }
    assert sum(item.mask is not None for item in magnetic_tile.items) == 388 and not magnetic_tile.rejected


@pytest.mark.parametrize(
    ("folder", "format", "n"),
    [("mvtec_leather_mini", "mvtec", 28), ("rust_fasteners", "flat", 40), ("thermal_circuit/images", "flat", 50)],
)
def test_other_real_folders(shared_datasets: Path, folder: str, format: str, n: int) -> None:
    data = read(shared_datasets / folder)
    assert (data.format, len(data)) == (format, n)


def test_every_picture_is_a_part_where_that_is_asked(root: Path, put: Put, put_mask: Put) -> None:
    put("a.png")
    put_mask("a_mask.png")
    put_mask("ground_truth/a.png")
    assert set(read(root).by_name) == {"a.png"}
    data = read(root, format="parts")
    assert {(item.name, item.label, item.mask) for item in data.items} == {
        (name, None, None) for name in ("a.png", "a_mask.png", "ground_truth/a.png")
    }
    assert not data.rejected


def test_a_name_too_long_for_what_is_made_from_it_is_rejected(root: Path, put: Put) -> None:
    put("a" * 236 + ".png")
    put("ä" * 119 + ".png")  # 242 bytes of UTF-8
    data = read(root)
    assert [item.name for item in data.items] == ["a" * 236 + ".png"]
    assert [one.reason for one in data.rejected] == [
        "its name is 242 bytes long, more than the 240 allowed: shorten it"
    ]
