"""Whether the retrospective finds a planted effect as often as its interval claims, and no other.

Each seed is another company. The bounds are binomial: a sound method fails once in ten thousand.
"""

import pytest
from scipy.stats import binom

from opsplaybook.samples.event_plans import LIFT, LIFTING_EVENT, SELECTING_EVENT

SEEDS = range(20)
LEVEL = 0.95
RARE = 1e-4

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compared(look_back_on):
    """Compare both events of each company, and the first in its null twin."""

    def compare(address: str, event_id: str):
        return look_back_on(address, event_id=event_id).causes.comparison

    rows = []
    for seed in SEEDS:
        company, null = f"sample?seed={seed}", f"sample?seed={seed}&null=true"
        rows.append(
            (
                compare(company, LIFTING_EVENT),
                compare(company, SELECTING_EVENT),
                compare(null, LIFTING_EVENT),
            )
        )
    return [list(column) for column in zip(*rows, strict=True)]


def test_the_planted_lift_lies_in_the_interval_as_often_as_it_claims(compared):
    lifting, _, _ = compared
    covered = sum(comparison.effect.interval.contains(LIFT) for comparison in lifting)
    print(f"covered {covered} of {len(SEEDS)}")  # noqa: T201
    assert covered >= binom.ppf(RARE, len(SEEDS), LEVEL)


def test_the_planted_lift_is_found_more_often_than_not(compared):
    lifting, _, _ = compared
    found = sum(c.effect.detectable and c.effect.value > 0 for c in lifting)
    print(f"found {found} of {len(SEEDS)}")  # noqa: T201
    assert found > len(SEEDS) / 2


def test_the_null_company_is_silent_as_often_as_the_level_says(compared):
    _, _, null = compared
    false = sum(comparison.effect.detectable for comparison in null)
    print(f"false {false} of {len(SEEDS)}")  # noqa: T201
    assert false <= binom.ppf(1 - RARE, len(SEEDS), 1 - LEVEL)


def test_choosing_the_best_accounts_does_not_look_like_an_effect(compared):
    _, selecting, _ = compared
    false = sum(c.effect.detectable and c.effect.value > 0 for c in selecting)
    naive = sum(c.naive.detectable and c.naive.value > 0 for c in selecting)
    print(f"false {false}, without matching {naive} of {len(SEEDS)}")  # noqa: T201
    assert false <= binom.ppf(1 - RARE, len(SEEDS), 1 - LEVEL)
    assert naive > false


def test_most_comparisons_of_the_lifting_event_pass_their_own_checks(compared):
    lifting, _, _ = compared
    assert sum(comparison.design == "matched" for comparison in lifting) > len(SEEDS) / 2
