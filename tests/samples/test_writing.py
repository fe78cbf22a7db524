import pandas as pd
import pytest
import yaml

from opsplaybook.contracts import TABLES, Kind, conform, kinds
from opsplaybook.errors import ParamsError
from opsplaybook.samples import write_company
from opsplaybook.sources.mapping import read_mapping


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company") / "new folder"
    return folder, write_company(folder, accounts=30, seed=5)


def test_same_seed_same_bytes(written, tmp_path):
    folder, _ = written
    write_company(tmp_path, accounts=30, seed=5)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(
        ["source.yaml", *(f"{name}.csv" for name in TABLES if name != "outcomes")]
    )
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_mapping_is_one_that_can_be_read(written):
    folder, company = written
    mapping = read_mapping(folder / "source.yaml")
    assert (mapping.currency, mapping.timezone) == (company.currency, company.timezone)
    assert set(mapping.tables) == set(TABLES) - {"outcomes"}


def test_the_mapping_names_each_column_of_each_file(written):
    folder, _ = written
    mapping = yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))
    for name, table in mapping["tables"].items():
        header = pd.read_csv(folder / table["file"], nrows=0).columns
        assert table["columns"] == {column: column for column in header}, name


def test_the_mapping_explains_itself(written):
    text = (written[0] / "source.yaml").read_text(encoding="utf-8")
    assert "start_on: start_on" in text
    assert "# required: First day of the term." in text
    assert "opsplaybook check --tables" in text


@pytest.mark.parametrize("name", [name for name in TABLES if name != "outcomes"])
def test_files_read_back_as_they_were(written, name):
    folder, company = written
    types = kinds(TABLES[name])
    text = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False, na_values=[""])
    for column in text.columns:
        if types[column] in (Kind.DATE, Kind.TIMESTAMP):
            text[column] = pd.to_datetime(text[column], format="ISO8601")
        elif types[column] in (Kind.NUMBER, Kind.WHOLE):
            text[column] = pd.to_numeric(text[column])
        elif types[column] is Kind.FLAG:
            text[column] = text[column].map({"true": True, "false": False})
    read = conform(text, TABLES[name], timezone=company.timezone)
    expected = company.tables[name].copy()
    for column in expected.columns:
        if types[column] is Kind.TIMESTAMP:
            expected[column] = expected[column].dt.floor("s")
    pd.testing.assert_frame_equal(read, expected)


def test_files_of_an_earlier_company_are_replaced(tmp_path):
    (tmp_path / "accounts.csv").write_text("stale")
    write_company(tmp_path, accounts=20, seed=1, null=True)
    assert (tmp_path / "accounts.csv").read_text(encoding="utf-8").startswith('"account_id"')
    assert "name: Null Analytics" in (tmp_path / "source.yaml").read_text(encoding="utf-8")


def test_an_impossible_company_leaves_no_folder(tmp_path):
    with pytest.raises(ParamsError):
        write_company(tmp_path / "nothing", accounts=3)
    assert not (tmp_path / "nothing").exists()
