import numpy as np

from opsplaybook.stats.lottery import draw_assignments


def test_assignments_keep_the_size_of_arms():
    treated = np.arange(40) < 11
    drawn, exact = draw_assignments(treated, 500, np.random.default_rng(1))
    assert drawn.shape == (501, 40)
    assert not exact
    assert (drawn.sum(axis=1) == 11).all()
    assert np.array_equal(drawn[0], treated)
    # Every account is treated about as often: 11 of 40.
    assert np.abs(drawn[1:].mean(axis=0) - 11 / 40).max() < 0.1


def test_all_assignments_are_listed_once():
    every, exact = draw_assignments(np.arange(7) < 3, 35, np.random.default_rng(1))
    assert exact
    assert every.shape == (35, 7)
    assert len(np.unique(every, axis=0)) == 35
    assert (every.sum(axis=1) == 3).all()


def test_one_assignment_too_many_and_they_are_drawn():
    drawn, exact = draw_assignments(np.arange(7) < 3, 34, np.random.default_rng(1))
    assert not exact
    assert len(drawn) == 35
