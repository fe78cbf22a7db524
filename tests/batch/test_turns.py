"""Who computes, and whether a core is left over beside."""

import multiprocessing

import pytest

from opsplaybook.batch import turns
from opsplaybook.batch.pool import LocalPool, cores


@pytest.fixture(autouse=True)
def nothing_shared(monkeypatch):
    monkeypatch.setattr(turns, "_shared", [])


def test_outside_of_a_pool_there_is_always_a_turn_and_no_core_to_use_meanwhile():
    with turns.own_turn(), turns.own_turn():
        assert not turns.is_core_left()


@pytest.mark.parametrize("core_left", [True, False])
def test_a_turn_is_given_back(core_left):
    semaphore = multiprocessing.get_context("spawn").Semaphore(1)
    turns.share(semaphore, core_left=core_left)
    assert turns.is_core_left() is core_left
    with turns.own_turn():
        assert not semaphore.acquire(block=False)
    assert semaphore.acquire(block=False)


@pytest.mark.parametrize("workers", [cores() - 1, cores(), cores() + 1])
def test_a_pool_says_whether_its_workers_leave_a_core(workers):
    if workers < 1:
        pytest.skip("there is one core")
    pool = LocalPool(workers)
    try:
        left = pool.executor.submit(turns.is_core_left).result()
    finally:
        pool.close()
    assert left is (workers < cores())
