from __future__ import annotations

from core.datasets.wording import percent


def test_percentages_have_no_needless_digits_and_never_part_from_their_sign() -> None:
    assert [percent(share) for share in (0.05, 0.0075, 1 / 61)] == ["5\u00a0%", "0.75\u00a0%", "1.64\u00a0%"]
    assert (percent(0.046, 1), percent(0.3, 0), percent(0.0012, 2)) == ("4.6\u00a0%", "30\u00a0%", "0.12\u00a0%")
    assert (percent(0.1, 1, signed=True), percent(-0.1, 1, signed=True)) == ("+10.0\u00a0%", "-10.0\u00a0%")
