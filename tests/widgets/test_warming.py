import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opsplaybook.samples import write_company
from opsplaybook.sources import open_source, opening
from opsplaybook.sources.stock import MappedStock
from opsplaybook.sources.table_cache import CACHE_VARIABLE
from opsplaybook.widgets.warming import sources_of, warm

YAML = """
name: x
currency: EUR
timezone: UTC
"""


def write_params(folder: Path, **sources: object) -> None:
    (folder / "params").mkdir(exist_ok=True)
    for name, source in sources.items():
        text = yaml.safe_dump({"source": source, "level": 0.95})
        (folder / "params" / f"{name}.yaml").write_text(text)


def test_each_source_is_named_once(tmp_path):
    write_params(tmp_path, a="sample", b="my/source.yaml", c="sample", d=None, e=7)
    (tmp_path / "params" / "f.yaml").write_text("source: [")
    (tmp_path / "params" / "g.yaml").write_text("level: 0.9\n")
    assert list(sources_of(tmp_path)) == ["sample", "my/source.yaml"]


def test_a_kernel_then_validates_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_company("my files é", accounts=20)
    write_params(tmp_path, a="my files é/source.yaml", b="sample?accounts=20&seed=5")
    warm(tmp_path)
    opening._sample.cache_clear()
    monkeypatch.setattr(MappedStock, "_validate", None)
    monkeypatch.setattr(MappedStock, "unmatched", None)
    for address in sources_of(tmp_path):
        source = open_source(address)
        tables = source.load(source.names)
        assert tables.qualities.keys() == set(source.names)
    opening._sample.cache_clear()


def test_what_cannot_be_read_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "a.csv").write_text("account_id\nA\n")
    spec = "tables: {accounts: {file: a.csv}, tickets: {file: gone.csv}}"
    (tmp_path / "z.yaml").write_text(YAML + spec)
    write_params(tmp_path, a="gone.yaml", b="sample:nil", z=str(tmp_path / "z.yaml"))
    warm(tmp_path)
    monkeypatch.setattr(MappedStock, "_validate", None)
    assert open_source(tmp_path / "z.yaml").quality("accounts").rows == 1


def test_no_database_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("ibis.connect", lambda *_: pytest.fail("a database was opened"))
    spec = "database: postgres://nowhere\ntables: {accounts: {table: customers}}"
    (tmp_path / "source.yaml").write_text(YAML + spec)
    write_params(tmp_path, a=str(tmp_path / "source.yaml"))
    warm(tmp_path)


def test_without_a_cache_nothing_is_read(tmp_path, monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setattr(MappedStock, "_validate", None)
    write_params(tmp_path, a="sample")
    warm(tmp_path)


def test_as_a_program_it_says_nothing(tmp_path):
    (tmp_path / "a.csv").write_text("account_id\nA\n")
    (tmp_path / "source.yaml").write_text(f"{YAML}tables: {{accounts: {{file: a.csv}}}}")
    write_params(tmp_path, a="source.yaml")
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "opsplaybook.widgets.warming"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "cache").iterdir())
