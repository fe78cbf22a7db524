import json
from pathlib import Path

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
