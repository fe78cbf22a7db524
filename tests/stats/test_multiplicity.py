from functools import partial

import numpy as np
import pytest

from opsplaybook.stats.multiplicity import adjust as adjust_by
from opsplaybook.stats.multiplicity import benjamini_hochberg, holm

RULES = [
    holm,
    benjamini_hochberg,
    *(
        partial(adjust_by, method=method)
        for method in ("bonferroni", "hochberg", "hommel", "benjamini-yekutieli")
    ),
]


@pytest.mark.parametrize("adjust", RULES)
def test_missing_p_values_stay_missing_and_are_no_tests(adjust):
    found = adjust([0.01, np.nan, 0.04])
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == adjust([0.01, 0.04]).tolist()


@pytest.mark.parametrize("adjust", RULES)
def test_none_or_one_test_needs_no_adjustment(adjust):
    assert adjust([]).tolist() == []
    assert adjust([0.03]).tolist() == [0.03]


def test_the_stricter_one_never_finds_more():
    p_values = np.random.default_rng(1).random(50) ** 3
    assert (holm(p_values) >= benjamini_hochberg(p_values)).all()
    assert (benjamini_hochberg(p_values) >= p_values).all()


@pytest.mark.parametrize("adjust", RULES)
@pytest.mark.parametrize("wrong", [-0.1, 1.5])
def test_impossible_p_values_are_refused(adjust, wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust([0.5, wrong])
