"""How people spell the folders of an inspection dataset, and the files that say nothing about parts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Spellings without case and separators: "Not OK", "not_ok" and "NotOK" are all "notok".
_GOOD = _words(
    "good ok okay okey normal normals nominal pass passed io gut healthy clean flawless intact perfect "
    "nondefective nodefect nodefects defectfree withoutdefect withoutdefects"
)
_BAD = _words(
    "bad ng nok ko nio notok notgood nongood def defect defects defective defected defekt schlecht anomaly anomalies "
    "anomalous abnormal abnormality fault faults faulty fail failed failure reject rejected rejects"
)
_TRAIN = _words("train training trainset val valid validation")
_TEST = _words("test testing testset testpublic")
_MASKS = _words("groundtruth gt mask masks label labels annotation annotations segmentation segmentations")
_NEUTRAL = _words("data dataset images image imgs img")  # VisA: candle/Data/Images/Normal
_MASK_SUFFIX = re.compile(r"[-_ .](mask|masks|gt|groundtruth|ground_truth|label|seg|segmentation)$", re.IGNORECASE)

_COMPANION_SUFFIXES = _words(
    ".txt .csv .tsv .json .jsonl .xml .yaml .yml .md .rst .pdf .html .htm .ini .log .db .xls .xlsx .toml .py .sh .m "
    ".ipynb .bib .license .sha256 .md5"
)
_COMPANION_STEMS = _words("readme license licence copying changelog  sha256sums md5sums")
_SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information"})


def plain(name: str) -> str:
    """A folder's name without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())


def is_good(folder: str) -> bool:
    """Good parts: ``good``, ``OK``, ``defect-free``, or with something behind it: ``ok_front``."""
    return plain(folder) in _GOOD or _first_word(folder) in ("good", "ok")


def is_bad(folder: str) -> bool:
    """Bad parts without a word about how: ``bad``, ``NG``, ``not ok``, or with something behind it: ``def_front``."""
    return not is_good(folder) and (is_nameless_defect(folder) or _first_word(folder) in _BAD)


def is_nameless_defect(folder: str) -> bool:
    """``bad`` names no defect class, ``def_front`` does."""
    return plain(folder) in _BAD


def is_train(folder: str) -> bool:
    return plain(folder) in _TRAIN


def is_test(folder: str) -> bool:
    return plain(folder) in _TEST


def is_split(folder: str) -> bool:
    return is_train(folder) or is_test(folder)


def is_masks(folder: str) -> bool:
    return plain(folder) in _MASKS


def is_neutral(folder: str) -> bool:
    return plain(folder) in _NEUTRAL


def has_role(folder: str) -> bool:
    """Whether a folder's name says what its images are for, so that it cannot be the name of a product."""
    return is_good(folder) or is_bad(folder) or is_split(folder)


def without_mask_suffix(stem: str) -> str:
    """``000_mask``, ``000-gt`` and ``000 label`` belong to ``000``; a stem without such an end is returned as it is."""
    return _MASK_SUFFIX.sub("", stem)


def is_companion(path: PurePosixPath) -> bool:
    """Notes, tables, licences and what file managers leave behind: neither image nor worth a complaint."""
    if any(is_system(part) for part in path.parts):
        return True
    suffix = path.suffix.casefold()
    return suffix in _COMPANION_SUFFIXES or (not suffix and is_about(path))


def is_system(part: str) -> bool:
    """What file managers leave behind, and hidden files and folders."""
    return part.startswith(".") or part.casefold() in _SYSTEM_FOLDERS


def is_about(path: PurePosixPath) -> bool:
    """A text about the data, such as a licence: no data, whatever its ending."""
    return path.stem.casefold() in _COMPANION_STEMS


def _first_word(folder: str) -> str:
    return re.split(r"[\W_]+", folder.casefold())[0]
