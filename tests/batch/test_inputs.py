import json
from pathlib import Path

import pytest

from opsplaybook.batch.inputs import taken_once
from opsplaybook.sources import open_source

YAML = """
name: x
currency: EUR
timezone: UTC
tables:
  accounts:
    file: accounts.csv
    columns: {account_id: id, name: name}
"""


def source_in(folder: Path) -> str:
    (folder / "source.yaml").write_text(YAML)
    (folder / "accounts.csv").write_text("id,name\nA-1,Alpha\nA-2,Beta\n")
    return str(folder)


def test_a_batch_sees_its_source_as_it_was_when_it_began(tmp_path, monkeypatch):
    address = source_in(tmp_path)
    with taken_once(address, ["accounts", "contracts"], folder=tmp_path) as inputs:
        (tmp_path / "accounts.csv").write_text("id,name\nB-1,Other\n")
        for name, value in inputs.environment.items():
            monkeypatch.setenv(name, value)
        found = open_source(address).query("SELECT account_id FROM accounts ORDER BY 1")
        assert found["account_id"].tolist() == ["A-1", "A-2"]
        names = json.loads(Path(inputs.names_file).read_text())
        assert names == {"accounts": {"A-1": "Alpha", "A-2": "Beta"}, "staff": []}
        assert any(name.endswith("accounts.csv") for name in inputs.digests)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "source.yaml"]


def test_other_rows_have_another_digest(tmp_path):
    address = source_in(tmp_path)
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    with (tmp_path / "accounts.csv").open("a") as file:
        file.write("A-3,Gamma\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert before.digests != after.digests


@pytest.mark.parametrize("changed", ["2024", "2025"])
def test_of_files_of_one_name_every_one_counts(tmp_path, changed):
    address = source_in(tmp_path)
    text = YAML.replace("file: accounts.csv", 'file: "20*/accounts.csv"')
    (tmp_path / "source.yaml").write_text(text)
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "accounts.csv").write_text(f"id,name\nA-{year},Alpha\n")
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    (tmp_path / changed / "accounts.csv").write_text(f"id,name\nA-{changed},Other\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert set(before.digests) == {"mapping", "2024/accounts.csv", "2025/accounts.csv"}
    different = [name for name, found in after.digests.items() if found != before.digests[name]]
    assert different == [f"{changed}/accounts.csv"]


def test_the_same_files_have_the_same_digests_wherever_the_folder_lies(tmp_path):
    found = []
    for place in (tmp_path / "here", tmp_path / "deeper" / "there"):
        place.mkdir(parents=True)
        with taken_once(source_in(place), ["accounts"], folder=None) as inputs:
            found.append(inputs.digests)
    assert found[0] == found[1]


def test_a_file_outside_of_the_data_folder_is_named_without_the_way_to_it(tmp_path):
    address = source_in(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    for part in ("a", "b"):
        (elsewhere / part).mkdir(parents=True)
        (elsewhere / part / "more.csv").write_text(f"id,name\nA-{part},Alpha\n")
    text = YAML.replace("file: accounts.csv", f'file: "{elsewhere.as_posix()}/*/more.csv"')
    (tmp_path / "source.yaml").write_text(text.replace("currency", "folder: data\ncurrency"))
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    (elsewhere / "b" / "more.csv").write_text("id,name\nA-b,Other\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert set(before.digests) == {"mapping", "more.csv"}
    assert before.digests["more.csv"] != after.digests["more.csv"]
