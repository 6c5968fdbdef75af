"""Reading photographs: every image of the workbench is decoded here, so that all detectors see the same pixels.

Whatever the file holds becomes 8-bit RGB, upright:

- 16-bit grey is scaled by the range of its type (0 to 65535), never by the image's extremes, so that dark stays dark;
- float grey is 0 to 1, or 0 to 255 where a pixel exceeds 1; anything beyond has no known white and is refused;
- transparency is laid over ``BACKGROUND``; palette, CMYK and bilevel images are converted; several frames: the first.

Only decoders of pixels are allowed (``FORMATS``): no PostScript, no PDF, nothing that starts another program.
All functions may be called from several threads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from core.errors import UserError
from core.settings import settings

FORMATS = ("BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
_SUFFIXES = "bmp dib gif jfif jp2 j2k jpe jpeg jpg mpo pbm pgm png pnm ppm tif tiff webp"
SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
BACKGROUND = (255, 255, 255)  # what nearly every viewer shows behind transparent pixels

# A JPEG decoder can shrink by 2, 4 or 8 while it decodes. It stops at this many times the size asked for, and the
# area filter does the rest: on photographs the result is then within 1 grey level (mean) of filtering the whole.
DRAFT_MARGIN = 2
JPEG_QUALITY = 85

T = TypeVar("T", bound=np.generic)
_SIXTEEN_TO_EIGHT = np.round(np.arange(65536) / 257).astype(np.uint8)


class UnreadableImage(UserError):
    """A file that is not a readable image; ``what`` is the reason, fit for a list of rejected files."""


def load_rgb(path: Path, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Pixels (height, width, 3), upright, resized to ``size`` = (width, height) with an antialiasing filter if given.

    Raises UserError where the file is missing, damaged, no image or too large.
    """
    with opened(path) as image:
        orientation = _orientation(image)
        if size is None:
            return _three(_upright(_decoded(image), orientation))
        target = size[::-1] if orientation >= 5 else size
        image.draft(None, (target[0] * DRAFT_MARGIN, target[1] * DRAFT_MARGIN))  # does nothing unless JPEG
        return _three(_upright(resize(_decoded(image), target), orientation))  # grey is resized once, not three times


def load_mask(path: Path, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Defect mask (height, width), true where the part is defective, at ``size`` = (width, height), nearest pixel.

    Any non-zero pixel is defective (some sets number their defect classes from 1); in a JPEG, whose zeros are blurred,
    any pixel over half of the range. Raises UserError as ``load_rgb`` does.
    """
    mask = mask_pixels(path)
    return cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT).view(np.bool_)


def mask_pixels(path: Path) -> NDArray[np.bool_]:
    """A mask (height, width) at its own size; ``load_mask`` says what counts as defective."""
    with opened(path) as image:
        orientation = _orientation(image)
        bands = image.getbands()
        if image.mode != "P" and bands[-1] in "Aa" and len(bands) > 1:
            image = image.convert("RGB" if len(bands) > 2 else "L")  # opacity is no defect
        pixels = np.asarray(image)
        over = 127 if image.format in ("JPEG", "MPO") else 0
        mask = pixels > over
    return _upright(np.asarray(mask.any(axis=2)) if mask.ndim == 3 else mask, orientation)


def thumbnail(path: Path, side: int) -> bytes:
    """A JPEG that fits into ``side`` x ``side`` pixels with its proportions kept; never enlarged."""
    width, height = image_size(path)
    scale = min(side / width, side / height, 1.0)
    pixels = load_rgb(path, (max(1, round(width * scale)), max(1, round(height * scale))))
    done, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"no thumbnail of {pixels.shape} pixels could be encoded")
    return data.tobytes()


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) after EXIF rotation, from the header alone."""
    with opened(path) as image:
        return upright_size(image)


def resize(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels at ``size`` = (width, height): averaged over the area where an axis shrinks, interpolated where it grows.

    Each kind of axis gets its own pass: OpenCV's area filter would not antialias one axis while the other grows.
    """
    height, width = pixels.shape[:2]
    smaller = (min(size[0], width), min(size[1], height))
    if smaller != (width, height):
        pixels = _cv_resize(pixels, smaller, cv2.INTER_AREA)
    return pixels if smaller == size else _cv_resize(pixels, size, cv2.INTER_LINEAR)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) of an opened image after EXIF rotation."""
    width, height = image.size
    return (height, width) if _orientation(image) >= 5 else (width, height)


@contextmanager
def opened(path: Path, file: IO[bytes] | None = None) -> Iterator[Image.Image]:
    """An image opened by its header, checked for size, not yet decoded; from ``file`` where it is open already.

    What goes wrong inside the block, in the header or in the pixels, comes out as ``UnreadableImage``."""
    limit = settings().max_image_pixels
    try:
        Image.MAX_IMAGE_PIXELS = limit  # Pillow's own guard, for the few decoders that allocate while opening
        with Image.open(file or path, formats=FORMATS) as image:
            if image.width * image.height > limit:
                raise _too_large(image.width * image.height, limit, path)
            yield image
    except UserError:
        raise
    except Exception as error:
        # A decoder that is fed a damaged file may raise nearly anything; the person needs the file's name and why.
        raise UnreadableImage(_reason(error, limit), str(path), "Replace or remove the file") from error


def _too_large(pixels: int, limit: int, path: Path) -> UnreadableImage:
    what = f"The image has {pixels / 1e6:.0f} megapixels, more than the {limit / 1e6:g} allowed"
    return UnreadableImage(what, str(path), "Shrink it, or raise FAULTLINE_MAX_IMAGE_PIXELS")


def _reason(error: Exception, limit: int) -> str:
    """Why an image cannot be read, in plain words."""
    if isinstance(error, FileNotFoundError):
        return "The file does not exist"
    if isinstance(error, PermissionError):
        return "The file may not be read by this user"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"The image has more than the {limit / 1e6:g} megapixels allowed"
    if isinstance(error, UnidentifiedImageError):
        return "The content is not an image of a known kind, whatever the name says"
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return "The image is cut short: part of the file is missing"
    return f"The image is damaged and cannot be decoded ({str(error)[:120] or type(error).__name__})"


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or it cannot be read. Pillow turns TIFF itself."""
    if image.format == "TIFF":
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return 1  # a damaged tag says nothing about the pixels
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: NDArray[T], orientation: int) -> NDArray[T]:
    """Undo the camera's rotation (EXIF 2.3, table 6)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _decoded(image: Image.Image) -> NDArray[np.uint8]:
    """Decode to (height, width) grey or (height, width, 3), not yet upright."""
    if image.mode.startswith("I"):  # "I" is what 16-bit PGM and some 16-bit TIFF decode to
        return np.asarray(_SIXTEEN_TO_EIGHT[np.clip(np.asarray(image), 0, 65535)])
    if image.mode == "F":
        return from_float(np.asarray(image))
    if image.mode in ("L", "1") and "transparency" not in image.info:
        return np.asarray(image.convert("L"))
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, (*BACKGROUND, 255)), layer)
    return np.array(image.convert("RGB"))


def _three(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey as red, green and blue; colour as it is."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8) if pixels.ndim == 2 else pixels


def from_float(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Grey from 0 to 255 of float grey; not-a-number is black. ValueError where the range has no known white."""
    pixels = np.nan_to_num(pixels, nan=0.0, posinf=np.inf, neginf=0.0)
    highest = float(pixels.max())
    if highest > 255:
        raise ValueError(f"float pixels reach {highest:g}, but only 0 to 1 or 0 to 255 has a known white")
    scaled = pixels * 255 if highest <= 1 else pixels
    return np.asarray(np.round(np.clip(scaled, 0, 255)).astype(np.uint8))


def _cv_resize(pixels: NDArray[np.uint8], size: tuple[int, int], interpolation: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)
