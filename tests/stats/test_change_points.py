"""Change points: planted ones are found where they are, and noise is left alone."""

import numpy as np
import pytest

from opsplaybook.stats.change_points import change_points, likeliest_change


def test_a_planted_change_is_found_in_its_place():
    hits, base = [82, 79, 84, 80, 60, 58, 61, 62], [100] * 8

    found = likeliest_change(hits, base, generator=np.random.default_rng(1))

    assert found.position == 4
    assert found.p_value == 1 / 2000
    assert found.before.value == pytest.approx(325 / 400)
    assert found.after.value == pytest.approx(241 / 400)


def test_the_place_has_a_range_that_widens_as_the_change_shrinks():
    generator = np.random.default_rng(12)

    sharp = likeliest_change([80, 80, 80, 40, 40, 40], [100] * 6, generator=generator)
    blunt = likeliest_change([60, 58, 61, 53, 52, 50], [100] * 6, generator=generator)

    assert (sharp.earliest, sharp.latest) == (3, 3)
    assert blunt.earliest < blunt.position <= blunt.latest
    assert blunt.latest - blunt.earliest >= 2


def test_the_p_value_is_that_of_all_deals():
    # Two periods of 20 units, 4 successes: one place to look at, so it is Fisher's exact test.
    # Chance of 4 and 0 either way: 2 * C(20,4) / C(40,4) = 2 * 4845 / 91390.
    found = likeliest_change([4, 0], [20, 20], generator=np.random.default_rng(2), resamples=20_000)

    assert found.p_value == pytest.approx(2 * 4845 / 91390, abs=0.01)


def test_two_changes_are_found_one_after_the_other():
    found = change_points(
        [80, 82, 81, 40, 42, 41, 79, 80], [100] * 8, generator=np.random.default_rng(3)
    )

    assert [point.position for point in found] == [3, 6]
    assert found[0].after == found[1].before


def test_accounts_that_swing_together_hide_a_change():
    # One account in three is all or nothing per half: units are many, accounts are not.
    base = np.full((8, 6), 30)
    hits = np.where(np.arange(8)[:, None] < 4, 15, 14) * np.ones((8, 6))
    hits[0] = [30, 30, 30, 0, 0, 0]

    whole = likeliest_change(hits.sum(axis=0), base.sum(axis=0), generator=np.random.default_rng(4))
    nested = likeliest_change(hits, base, generator=np.random.default_rng(4))

    assert whole.p_value < 0.01
    assert nested.p_value > 0.1


def test_a_change_in_every_account_is_found():
    base = np.full((40, 10), 5)
    hits = np.repeat([[4, 4, 4, 4, 4, 2, 2, 2, 2, 2]], 40, axis=0)
    hits[::2] = np.minimum(hits[::2] + 1, 5)

    found = likeliest_change(hits, base, generator=np.random.default_rng(5))

    assert found.position == 5
    assert found.p_value < 0.01
    assert found.before.n == 40


@pytest.mark.parametrize(
    ("hits", "base"),
    [([3, 4], [9, 9]), ([0, 0, 0], [50, 50, 50]), ([50, 50], [50, 50]), ([], []), ([10], [50])],
)
def test_too_little_to_look_for_a_change(hits, base):
    found = likeliest_change(hits, base, generator=np.random.default_rng(6))

    assert found.position == -1
    assert np.isnan(found.p_value)


def test_a_rate_too_rare_for_its_accounts_is_not_tested():
    base = np.full((50, 6), 2)
    hits = np.zeros((50, 6), dtype=int)
    hits[:8, :3] = 1

    found = likeliest_change(hits, base, generator=np.random.default_rng(15))

    # 24 of 600, so at most 12 expected on the smaller side, in the middle alone.
    assert found.position in (-1, 3)
    assert (
        likeliest_change(hits[:, 2:], base[:, 2:], generator=np.random.default_rng(15)).position
        == -1
    )


def test_few_accounts_are_not_tested():
    found = likeliest_change(
        np.full((5, 4), 8), np.full((5, 4), 16), generator=np.random.default_rng(7)
    )

    assert found.position == -1


def test_the_same_seed_gives_the_same_p_value():
    of = [
        likeliest_change([20, 25, 18, 30], [50] * 4, generator=np.random.default_rng(8)).p_value
        for _ in range(2)
    ]

    assert of[0] == of[1]


def test_more_successes_than_units_are_refused():
    with pytest.raises(ValueError, match="between 0 and n"):
        likeliest_change([60], [50], generator=np.random.default_rng(9))


def _false_alarms(histories: int, *, nested: bool) -> int:
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(histories):
        base = rng.poisson(1.2, size=(60, 12))
        likely = rng.beta(3, 2, size=60)[:, None] if nested else np.full((60, 1), 0.6)
        hits = rng.binomial(base, likely)
        counts = (hits, base) if nested else (hits.sum(axis=0), base.sum(axis=0))
        alarms += likeliest_change(*counts, generator=rng, resamples=199).p_value <= 0.05
    return alarms


@pytest.mark.slow
@pytest.mark.parametrize("nested", [False, True], ids=["independent", "nested in accounts"])
def test_noise_is_named_as_rarely_as_promised(nested):
    # 5% of 2,000 is 100; three standard errors are 29.
    alarms = _false_alarms(2000, nested=nested)

    assert alarms <= 129
    assert alarms >= 40


@pytest.mark.slow
def test_noise_of_a_rare_rate_is_named_as_rarely_as_promised():
    rng, alarms = np.random.default_rng(14), 0
    for _ in range(1000):
        base = rng.poisson(0.4, size=(200, 24))
        found = likeliest_change(rng.binomial(base, 0.05), base, generator=rng, resamples=199)
        alarms += found.p_value <= 0.05

    # 5% of 1,000 is 50; three standard errors are 21.
    assert alarms <= 71


@pytest.mark.slow
def test_the_range_holds_the_true_place():
    rng, held, found = np.random.default_rng(13), 0, 0
    for _ in range(1000):
        base = np.full(24, 40)
        hits = rng.binomial(base, np.where(np.arange(24) < 15, 0.6, 0.45))
        point = likeliest_change(hits, base, generator=rng, resamples=199)
        if point.p_value <= 0.05:
            found += 1
            held += point.earliest <= 15 <= point.latest

    assert found > 900
    assert held / found >= 0.9
