"""How often the planted fall is found in other companies, and how often one is where none is."""

import pytest

SEEDS = range(100, 112)


def found(review, source):
    """Name the cells that fell, and whether a reversal was named with them."""
    done = review(source, other_rules=False, segment_by=["segment"])
    fallen = done.change.moved(-1)
    cells = list(zip(fallen["segment"], fallen["step"], strict=True))
    return cells, [(one.segment, one.step) for one in done.change.reversals], done


@pytest.mark.slow
def test_the_planted_fall_is_found_and_named_in_other_companies(funnel_steps):
    planted = ("guided", "connected data")
    runs = [found(funnel_steps.review, f"sample?seed={seed}") for seed in SEEDS]
    named = [planted in cells for cells, _, _ in runs]
    reversed_ = [planted in reversals for _, reversals, _ in runs]
    others = sum(cell != planted for cells, _, _ in runs for cell in cells)
    print(f"found {sum(named)}, reversals {sum(reversed_)}, others {others} of {len(runs)}")  # noqa: T201

    # From 0.82 to 0.70 with some 230 guided users after the release: power is about 0.9.
    assert sum(named) >= 9
    assert sum(reversed_) >= 9
    assert others <= 2
    for is_named, (_, _, done) in zip(named, runs, strict=True):
        assert is_named == ("fell for guided" in done.findings.verdict.sentence)


@pytest.mark.slow
def test_the_null_company_is_silent(funnel_steps):
    runs = [found(funnel_steps.review, f"sample?seed={seed}&null=true") for seed in SEEDS]
    fallen = sum(bool(cells) for cells, _, _ in runs)
    reversals = sum(len(reversals) for _, reversals, _ in runs)
    moved = sum(len(done.breakdown.trend.changes) > 0 for _, _, done in runs)
    print(  # noqa: T201
        f"falls {fallen}, reversals {reversals}, changes {moved} of {len(runs)}"
    )

    # At 5% for each company, three or more of twelve happen in 2% of the cases.
    assert fallen <= 2
    assert moved <= 2
    assert reversals == 0
