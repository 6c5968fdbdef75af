"""Every kind of pixel that a camera or a colleague may send."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings
from PIL import Image

from core.datasets import images, probe
from core.errors import UserError
from core.settings import Settings

RAMP = np.linspace(0, 255, 32 * 20, dtype=np.uint8).reshape(20, 32)


def grey_of(path: Path) -> np.ndarray:
    pixels = images.load_rgb(path)
    assert pixels.dtype == np.uint8 and pixels.flags.writeable and pixels.flags.c_contiguous
    assert (pixels == pixels[:, :, :1]).all()
    return pixels[:, :, 0]


def test_grey_8_bit(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "a.png")
    np.testing.assert_array_equal(grey_of(tmp_path / "a.png"), RAMP)


def test_bilevel(tmp_path: Path) -> None:
    Image.fromarray(RAMP > 100).save(tmp_path / "a.png")
    np.testing.assert_array_equal(grey_of(tmp_path / "a.png"), np.where(RAMP > 100, 255, 0))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_16_bit_grey_is_scaled_by_the_range_of_its_type(tmp_path: Path, name: str) -> None:
    dark = (RAMP.astype(np.uint16) * 257) // 4  # a dark image stays dark
    done, data = cv2.imencode(Path(name).suffix, dark)
    assert done
    (tmp_path / name).write_bytes(data.tobytes())
    np.testing.assert_array_equal(grey_of(tmp_path / name), np.round(dark / 257))


def test_16_bit_colour(tmp_path: Path) -> None:
    colour = np.dstack([RAMP, RAMP[::-1], RAMP[:, ::-1]]).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "a.png"), colour[:, :, ::-1])
    np.testing.assert_array_equal(images.load_rgb(tmp_path / "a.png"), colour // 257)


@pytest.mark.parametrize("top", [1.0, 255.0])
def test_float_tiff(tmp_path: Path, top: float) -> None:
    floats = RAMP.astype(np.float32) / 255 * top
    floats[0, 0] = np.nan
    Image.fromarray(floats).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(grey_of(tmp_path / "a.tif"), RAMP)


def test_float_of_unknown_range_is_refused_with_its_range(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 412.0, np.float32)).save(tmp_path / "kelvin.tif")
    for look in (images.load_rgb, probe.probe):
        with pytest.raises(UserError, match="412"):
            look(tmp_path / "kelvin.tif")


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_over_the_background(tmp_path: Path, mode: str) -> None:
    layer = Image.new("RGBA", (3, 1))
    layer.putdata([(100, 100, 100, 255), (100, 100, 100, 0), (0, 0, 0, 128)])
    layer.convert(mode).save(tmp_path / "a.png")
    assert grey_of(tmp_path / "a.png").tolist() == [[100, 255, 127]]


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    picture = Image.fromarray(np.dstack([RAMP, RAMP, 255 - RAMP])).quantize(16)
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(images.load_rgb(tmp_path / "a.png"), np.asarray(picture.convert("RGB")))
    clear = picture.getpixel((0, 0))
    picture.save(tmp_path / "b.png", transparency=clear)
    assert images.load_rgb(tmp_path / "b.png")[0, 0].tolist() == list(images.BACKGROUND)
    picture.save(tmp_path / "c.png", transparency=bytes(range(16)))  # an opacity for each colour
    assert images.load_rgb(tmp_path / "c.png").shape == (20, 32, 3)


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(images.load_rgb(tmp_path / "a.jpg")[8, 8].astype(int) - [255, 0, 0]).max() < 12


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(tmp_path: Path, kind: str, orientation: int) -> None:
    upright = np.zeros((24, 40, 3), np.uint8)
    upright[:12, :20] = 255  # bright top left corner
    upright[:12, 20:] = 90
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}  # storing needs the inverse of each turn
    stored = Image.fromarray(upright)
    if orientation > 1:
        exif = Image.Exif()
        exif[0x0112] = undo[orientation]
        buffer = BytesIO()
        stored.save(buffer, "png", exif=exif)
        from PIL import ImageOps

        stored = ImageOps.exif_transpose(Image.open(buffer))
    tag = Image.Exif()
    tag[0x0112] = orientation
    path = tmp_path / f"a.{kind}"
    stored.save(path, exif=tag, quality=100)
    read = images.load_rgb(path)
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright)[[4, 4, 20], [5, 35, 5]].max() < 12
    small = images.load_rgb(path, (20, 12))
    assert np.abs(small[[2, 2, 10], [2, 17, 2]].astype(int) - upright[[4, 4, 20], [5, 35, 5]]).max() < 12
    seen = probe.probe(path)
    assert (seen.width, seen.height) == (40, 24) == images.image_size(path)


@pytest.mark.parametrize("size", [(1, 400), (400, 1), (1, 1)])
def test_images_one_pixel_wide(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (9, 8, 7)).save(tmp_path / "a.png")
    assert images.load_rgb(tmp_path / "a.png").shape == (size[1], size[0], 3)
    assert (images.load_rgb(tmp_path / "a.png", (8, 8)) == (9, 8, 7)).all()
    assert Image.open(BytesIO(images.thumbnail(tmp_path / "a.png", 64))).size <= (64, 64)


def test_fifty_megapixels(tmp_path: Path) -> None:
    Image.new("L", (8660, 5774), 77).save(tmp_path / "a.jpg")
    assert (probe.probe(tmp_path / "a.jpg").width, probe.probe(tmp_path / "a.jpg").height) == (8660, 5774)
    assert np.abs(images.load_rgb(tmp_path / "a.jpg", (224, 224)).astype(int) - 77).max() <= 1


def test_decompression_bombs_are_refused_from_their_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (3000, 2000)).save(tmp_path / "bomb.png")
    for limit in (5_999_999, 2_000_000):  # over the limit, and over twice the limit, where Pillow itself objects
        monkeypatch.setattr(images, "settings", lambda limit=limit: Settings(max_image_pixels=limit))
        with pytest.raises(UserError, match="megapixels"):
            images.load_rgb(tmp_path / "bomb.png")


def test_resizing_is_antialiased_in_both_axes_even_when_one_grows(tmp_path: Path) -> None:
    stripes = np.zeros((8, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(images.resize(stripes, (64, 64)).astype(int) - 128).max() <= 1


def test_a_draft_is_a_faithful_reduction(shared_datasets: Path) -> None:
    for path in sorted((shared_datasets / "rust_fasteners").glob("*.jpg"))[:3]:
        whole = images.resize(images.load_rgb(path), (224, 168)).astype(int)
        assert np.abs(images.load_rgb(path, (224, 168)) - whole).mean() < 0.5


def test_thumbnail_keeps_proportions_and_never_enlarges(tmp_path: Path) -> None:
    Image.new("RGB", (300, 100)).save(tmp_path / "a.png")
    assert Image.open(BytesIO(images.thumbnail(tmp_path / "a.png", 150))).size == (150, 50)
    assert Image.open(BytesIO(images.thumbnail(tmp_path / "a.png", 500))).size == (300, 100)


def test_masks_of_every_kind(tmp_path: Path) -> None:
    truth = RAMP > 128
    classes = np.where(truth, 3, 0).astype(np.uint8)  # defect classes numbered from 1
    palette = Image.fromarray(classes).convert("P")
    opaque = Image.fromarray(np.dstack([truth * 255] * 3 + [np.full_like(RAMP, 255)]).astype(np.uint8))
    Image.fromarray(classes).save(tmp_path / "classes.png")
    Image.fromarray(truth).save(tmp_path / "bilevel.png")
    Image.fromarray(truth.astype(np.uint8) * 255).save(tmp_path / "blurred.jpg", quality=60)
    palette.save(tmp_path / "palette.png")
    opaque.save(tmp_path / "opaque.png")
    for path in sorted(tmp_path.iterdir()):
        assert (images.load_mask(path, (32, 20)) == truth).mean() >= (0.99 if path.suffix == ".jpg" else 1), path.name
    assert images.load_mask(tmp_path / "classes.png", (16, 10)).shape == (10, 16)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "not an image|damaged|cut short"),
    ],
)
def test_what_is_no_image_is_told_in_words(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as caught:
        probe.probe(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(UserError, match="does not exist"):
        images.load_rgb(Path("nowhere/a.png"))


def test_postscript_is_never_interpreted(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(UserError, match="not an image"):
        images.load_rgb(path)


def encoded(kind: str) -> bytes:
    buffer = BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "tiff", "webp", "gif"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_truncated_files_are_found(tmp_path: Path, kind: str, share: float) -> None:
    data = encoded(kind)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(UserError):
        probe.probe(path)


@pytest.mark.filterwarnings("ignore")  # decoders complain about the damage in their own words too
@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp", "gif", "bmp"])
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spots=strategies.lists(strategies.tuples(strategies.integers(0, 400), strategies.integers(0, 255)), max_size=12),
    cut=strategies.integers(0, 9000),
)
def test_damage_is_read_or_refused_but_never_crashes(
    tmp_path: Path, kind: str, spots: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(encoded(kind))
    for position, value in spots:
        data[position % len(data)] = value
    path = tmp_path / "damaged.png"
    path.write_bytes(bytes(data[: max(1, len(data) - cut)]))
    for look in (probe.probe, probe.probe_mask, images.load_rgb):
        try:
            look(path)
        except UserError as error:
            assert error.what and "\n" not in error.what


def test_many_threads_see_the_same_pixels(tmp_path: Path) -> None:
    for i in range(8):
        Image.fromarray(np.roll(RAMP, i)).save(tmp_path / f"{i}.png")
    paths = sorted(tmp_path.iterdir()) * 10
    with ThreadPoolExecutor(8) as pool:
        for path, pixels in zip(paths, pool.map(images.load_rgb, paths), strict=True):
            np.testing.assert_array_equal(pixels[:, :, 0], np.roll(RAMP, int(path.stem)))
