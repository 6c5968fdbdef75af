"""Light, camera and sensor: from a ``Surface`` to an 8-bit photograph on a bench.

Brightness is linear and one channel wide up to the sensor; colour is a gain for each channel of the sensor.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.synthetic.flange import Field, Pose, Surface

# Lamps as (azimuth from the main light in radians, tilt of the half vector, strength).
_LAMPS = ((0.0, 0.40, 1.0), (2.2, 0.55, 0.38), (-1.35, 0.62, 0.14))
_ACROSS, _ALONG = 0.19, 0.56  # width of a highlight across and along the radius: lathe marks smear it along
_AMBIENT = 0.075
_STEEL = (0.955, 0.985, 1.0)
_MAT = 0.030  # brightness of the bench
_LEVELS = 4096  # of the sensor, before the tone curve
_WHITE = 1.6  # brightness at which the sensor is full


def photograph(part: Surface, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The part on its bench, RGB (size, size, 3)."""
    return expose(part, reflected(part), _bench(part, rng), rng)


def expose(part: Surface, metal: Field, ground: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The photograph, RGB (size, size, 3), of a part of brightness ``metal`` before a ``ground``."""
    scene = (ground + (metal - ground) * part.solid) * _falloff(part.pose)
    return _sensor(scene, part, rng)


def reflected(part: Surface) -> Field:
    """Brightness of the metal under all lamps."""
    total = np.full_like(part.rise, _AMBIENT)
    for azimuth, tilt, strength in _LAMPS:
        a = part.pose.light + azimuth
        hx, hy = np.float32(tilt * math.cos(a)), np.float32(tilt * math.sin(a))
        tangential = (hy * part.cos - hx * part.sin + part.drift) * np.float32(1 / _ACROSS)
        radial = (hx * part.cos + hy * part.sin + part.rise) * np.float32(1 / _ALONG)
        total += np.float32(strength) * cv2.exp(-tangential * tangential - radial * radial)
    return total * part.gloss


def _falloff(pose: Pose) -> Field:
    """The lamp is nearer to one side, and the lens darkens the corners."""
    axis = np.linspace(-1, 1, pose.size, dtype=np.float32)
    x = 1 + 0.14 * axis * math.cos(pose.light) - 0.12 * axis * axis
    y = 0.14 * axis * math.sin(pose.light) - 0.12 * axis * axis
    return np.asarray(pose.exposure * (x[None, :] + y[:, None]), np.float32)


def _bench(part: Surface, rng: np.random.Generator) -> Field:
    """A dark rubber mat in the shadow of the part; what one sees through the holes is darker still."""
    pose, n = part.pose, part.pose.size
    grain = cv2.GaussianBlur(rng.standard_normal((n, n), np.float32), (0, 0), n / 320)
    cloud = cv2.resize(rng.standard_normal((9, 9), np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(part.solid, (n // 4, n // 4), interpolation=cv2.INTER_AREA)
    reach = 0.009 * n
    shift = np.array([[1, 0, -reach * math.cos(pose.light)], [0, 1, -reach * math.sin(pose.light)]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(small, shift, small.shape), (0, 0), 0.004 * n)
    lit = cv2.resize(1 - 0.8 * shadow, (n, n), interpolation=cv2.INTER_LINEAR)
    lit *= np.where(part.radius < 0.95, np.float32(0.4), np.float32(1))
    mat = np.float32(_MAT) + np.float32(0.22 * _MAT) * grain + np.float32(0.10 * _MAT) * cloud
    return np.asarray(mat * lit, np.float32)


def _sensor(scene: Field, part: Surface, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Glare, lens blur, the noise of photons and of the amplifier, colour, tone curve."""
    n = part.pose.size
    small = cv2.resize(np.maximum(scene - 0.5, 0), (n // 4, n // 4), interpolation=cv2.INTER_AREA)
    glare = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.006 * n), (n, n), interpolation=cv2.INTER_LINEAR)
    scene = cv2.GaussianBlur(scene, (0, 0), 0.7 * n / 256) + np.float32(0.3) * glare
    scene += rng.standard_normal((n, n), np.float32) * cv2.sqrt(np.float32(0.00012) * scene + np.float32(0.000002))
    pixels = np.empty((n, n, 3), np.uint8)
    warmth = (1 + part.pose.warmth, 1.0, 1 - part.pose.warmth)
    for channel in range(3):
        gain = _STEEL[channel] * warmth[channel] * (_LEVELS - 1) / _WHITE
        level = np.clip(scene * part.tint[:, :, channel] * np.float32(gain), 0, _LEVELS - 1)
        pixels[:, :, channel] = _TONES[level.astype(np.uint16)]
    return pixels


def _tone_curve() -> NDArray[np.uint8]:
    """8-bit value of every sensor level: a soft shoulder, so that highlights bend instead of clipping, then gamma."""
    linear = np.linspace(0, _WHITE, _LEVELS)
    return np.round(np.minimum((1 - np.exp(-1.5 * linear)) ** (1 / 2.2) * 262, 255)).astype(np.uint8)


_TONES = _tone_curve()
