"""Companies that the tests of the samples share; none of them may be changed."""

import pytest

from opsplaybook.samples import make_company

SEEDS = range(8)


@pytest.fixture(scope="session")
def company():
    return make_company()


@pytest.fixture(scope="session")
def null_company():
    return make_company(null=True)


@pytest.fixture(scope="session")
def companies():
    return [make_company(seed=seed) for seed in SEEDS]


@pytest.fixture(scope="session")
def null_companies():
    return [make_company(seed=seed, null=True) for seed in SEEDS]
