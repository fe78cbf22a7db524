import numpy as np

from opsplaybook.samples.names import INDUSTRIES, company_names, person_names


def test_twenty_five_thousand_companies_have_names_of_their_own():
    industries = np.random.default_rng(0).integers(0, len(INDUSTRIES), 25_000)
    names = company_names(industries).to_pylist()
    assert len(set(names)) == 25_000


def test_no_name_of_a_small_company_set_is_part_of_another():
    industries = np.random.default_rng(1).integers(0, len(INDUSTRIES), 600)
    names = company_names(industries).to_pylist()
    text = "\n".join(names)
    assert all(text.count(name) == 1 for name in names)


def test_names_speak_of_the_industry():
    energy = np.full(12, INDUSTRIES.index("energy"))
    seconds = {name.split()[1] for name in company_names(energy).to_pylist()}
    assert seconds == {"Energy", "Power", "Grid", "Renewables", "Utilities", "Heating"}


def test_people_have_two_names():
    names = person_names(np.random.default_rng(0), 500).to_pylist()
    assert all(len(name.split()) == 2 for name in names)
    assert len(set(names)) > 450
