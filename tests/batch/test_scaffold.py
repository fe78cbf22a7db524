"""A new playbook runs as it is written, and nothing is ever written over."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import nbformat
import pytest

from opsplaybook import playbooks
from opsplaybook.batch.scaffold import new_playbook
from opsplaybook.errors import UsageError


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "opsplaybook" / "playbooks").mkdir(parents=True)
    return tmp_path


def test_four_files_with_one_stem(checkout):
    paths = new_playbook("region_share", checkout)

    assert [path.relative_to(checkout).as_posix() for path in paths] == [
        "opsplaybook/playbooks/region_share.py",
        "notebooks/region_share.ipynb",
        "params/region_share.yaml",
        "tests/playbooks/test_region_share.py",
    ]


def test_written_module_runs_on_the_sample_company(checkout, monkeypatch):
    path, notebook, *_ = new_playbook("region_share", checkout)
    spec = spec_from_file_location("region_share", path)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "region_share", module)
    spec.loader.exec_module(module)

    params = module.Params(source="sample?accounts=60")
    given = module.load(params)
    share = module.measure_share(given, params)
    found = module.findings(given, params, share)

    assert share.customers.n == (given["accounts"]["region"] == "Central").sum()
    assert found.key_figures[0].value in found.verdict.sentence
    nbformat.validate(nbformat.read(notebook, as_version=4))


def test_nothing_is_written_over(checkout):
    taken = checkout / "params" / "region_share.yaml"
    taken.parent.mkdir()
    taken.write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="1 of 4 files exist already"):
        new_playbook("region_share", checkout)

    assert taken.read_text(encoding="utf-8") == "mine"
    assert not (checkout / "notebooks").exists()


@pytest.mark.parametrize("name", ["Region", "../x", "a b", "", next(iter(playbooks.MODULES))])
def test_names_that_cannot_be(checkout, name):
    with pytest.raises(UsageError, match="cannot name a new playbook"):
        new_playbook(name, checkout)


def test_only_a_checkout_takes_a_playbook(tmp_path):
    with pytest.raises(UsageError, match="no checkout"):
        new_playbook("region_share", tmp_path)
