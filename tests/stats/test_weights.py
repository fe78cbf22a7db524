"""Weights: comparisons that contradict, weights that move."""

import numpy as np
import pytest

from opsplaybook.stats.weights import (
    dirichlet_weights,
    one_at_a_time,
    pairwise_weights,
    reciprocal_matrix,
)


def test_answers_that_contradict_are_found_out():
    found = pairwise_weights(reciprocal_matrix([9, 1 / 9, 9], dimensions=3))
    assert found.ratio > 1
    assert not found.consistent


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_weights_that_made_the_comparisons_are_found_again(size):
    weights = np.arange(1.0, size + 1) / np.arange(1.0, size + 1).sum()
    found = pairwise_weights(weights[:, None] / weights)
    assert found.weights == pytest.approx(weights)
    assert found.ratio == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ([[1, 2, 3]], "not square"),
        ([[1, -2], [-0.5, 1]], "positive"),
        ([[1, 2], [2, 1]], "reciprocal"),
        (np.ones((11, 11)), "at most 10"),
    ],
)
def test_matrices_that_are_no_comparisons(matrix, why):
    with pytest.raises(ValueError, match=why):
        pairwise_weights(matrix)


def test_triangles_that_do_not_fit():
    with pytest.raises(ValueError, match="2 comparisons, 3 dimensions have 3 pairs"):
        reciprocal_matrix([1, 2], dimensions=3)
    with pytest.raises(ValueError, match="positive"):
        reciprocal_matrix([0], dimensions=2)


def test_one_weight_moves_and_the_others_keep_their_proportions():
    moved = one_at_a_time([20, 30, 50], change=0.2)
    assert moved.shape == (6, 3)
    assert moved.sum(axis=1) == pytest.approx(np.ones(6))
    assert moved[1] == pytest.approx([0.24, 0.76 * 3 / 8, 0.76 * 5 / 8])
    assert one_at_a_time([1.0]).tolist() == [[1.0], [1.0]]
    assert one_at_a_time([0, 1]).sum(axis=1).tolist() == [1, 1, 1, 1]


def test_drawn_weights_have_the_spread_that_certainty_says():
    drawn = dirichlet_weights(
        [0.1, 0.9], draws=20_000, certainty=100, generator=np.random.default_rng(3)
    )
    assert drawn[:, 0].std() == pytest.approx(np.sqrt(0.1 * 0.9 / 101), rel=0.03)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(20_000))
