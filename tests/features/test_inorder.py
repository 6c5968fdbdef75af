from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from core.features.inorder import in_order


@pytest.fixture(params=[1, 4])
def together(request: pytest.FixtureRequest) -> Iterator[int]:
    """So many threads of torch's for the caller."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_order_and_torch_s_threads_are_shared_out(together: int) -> None:
    def work(number: int) -> tuple[int, int]:
        time.sleep(0.01 if number % 3 == 0 else 0)  # later ones overtake
        return number, torch.get_num_threads()

    found = list(in_order(work, range(20)))
    assert [number for number, _ in found] == list(range(20))
    assert {threads for _, threads in found} == {1}
    assert list(in_order(work, range(2), 1)) == [(0, together), (1, together)]
    assert torch.get_num_threads() == together


def test_little_is_under_way_beyond_what_was_asked_for(together: int) -> None:
    begun = []
    results = in_order(begun.append, range(100))
    next(results)
    time.sleep(0.05)
    assert len(begun) <= together + 1
    results.close()  # type: ignore[attr-defined]
    assert torch.get_num_threads() == together
    assert threading.active_count() < 50


def test_a_failure_is_the_caller_s(together: int) -> None:
    results = in_order((1).__truediv__, [1, 2, 0, 4])
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert torch.get_num_threads() == together


def seen_by_a_new_thread() -> int:
    """torch's threads, as a thread that begins now has them."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_that_begins_late_leaves_nothing_behind(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, begun, set_threads = threading.current_thread(), [], torch.set_num_threads

    def set_late(number: int) -> None:
        if threading.current_thread() is not caller:
            begun.append(number)
            time.sleep(0.1 if len(begun) == 2 else 0)
        set_threads(number)

    monkeypatch.setattr(torch, "set_num_threads", set_late)
    results = in_order(lambda _: time.sleep(0.01), range(100))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert seen_by_a_new_thread() == together


def test_who_begins_beside_another_leaves_as_many_threads_as_there_were(together: int) -> None:
    first, second = in_order(str, range(50)), []
    next(first)
    other = threading.Thread(target=lambda: second.append(in_order(str, range(50))) or next(second[0]))
    other.start()
    other.join()
    first.close()  # type: ignore[attr-defined]
    second[0].close()
    assert seen_by_a_new_thread() == together == torch.get_num_threads()


def test_nothing_gives_nothing() -> None:
    assert list(in_order(str, [])) == []
