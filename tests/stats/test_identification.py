import numpy as np
import pytest

from opsplaybook.stats.identification import (
    events_per_variable,
    independent_columns,
    read_features,
    separated_by,
)


def test_a_gap_is_named():
    with pytest.raises(ValueError, match=r"\{'seats': 2\}"):
        read_features([1, 0, 1], [[1, np.nan], [2, np.inf], [3, 0]], ["users", "seats"])


@pytest.mark.parametrize(
    ("features", "names", "message"),
    [
        (np.ones((3, 2)), ["a"], r"shape \(3, 2\), must be \(3, 1\)"),
        (np.ones((2, 1)), ["a"], r"shape \(2, 1\), must be \(3, 1\)"),
        (np.ones((3, 2)), ["a", "a"], "a name twice"),
    ],
)
def test_tables_that_do_not_fit_are_refused(features, names, message):
    with pytest.raises(ValueError, match=message):
        read_features([1, 0, 1], features, names)


def test_the_rarer_outcome_counts():
    assert events_per_variable(np.repeat([1, 0], [90, 10]), np.ones((100, 2))) == 5
    assert events_per_variable([1, 0], np.ones((2, 0))) == np.inf


def test_a_sum_of_columns_is_not_independent():
    generator = np.random.default_rng(1)
    table = generator.normal(size=(50, 3))
    table = np.column_stack([table, table.sum(axis=1), np.full(50, 7.0)])
    assert independent_columns(table).tolist() == [True, True, True, False, False]


def test_a_large_offset_does_not_hide_a_difference():
    table = np.column_stack([1e5 + np.arange(20.0), np.arange(20.0) ** 2])
    assert independent_columns(table).all()


def test_more_features_than_rows_are_refused():
    with pytest.raises(ValueError, match="3 rows cannot tell 3 features"):
        independent_columns(np.eye(3))


def test_overlapping_outcomes_are_not_separated():
    generator = np.random.default_rng(5)
    features = generator.normal(size=(200, 4))
    assert separated_by(generator.random(200) < 0.3, features, names=list("abcd")) == ()


def test_two_features_that_separate_together_are_both_named():
    generator = np.random.default_rng(5)
    features = generator.normal(size=(200, 3))
    lost = features[:, 0] + features[:, 2] > 0.8
    assert {"a", "c"} <= set(separated_by(lost, features, names=list("abc")))
    assert separated_by(lost, features[:, :1], names=["a"]) == ()


def test_a_value_that_nobody_left_with_separates_in_part():
    lost = np.repeat([1, 0, 0], [20, 60, 20])
    key_account = np.repeat([0, 0, 1], [20, 60, 20])
    assert separated_by(lost, key_account, names=["key account"]) == ("key account",)


def test_where_only_one_outcome_is_known_everything_separates():
    assert separated_by(np.zeros(5), np.arange(5.0), names=["a"]) == ("a",)
