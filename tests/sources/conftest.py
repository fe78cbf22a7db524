"""Sources made of a few lines, and the public data where it is there."""

import pytest
import yaml

from opsplaybook.sources import Source, open_source


@pytest.fixture
def make_source(tmp_path):
    """Return a function that writes files and a mapping, and opens the source."""

    def make(files: dict[str, str | bytes], tables: dict, /, **keys) -> Source:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        mapping = {"name": "Test", "currency": "EUR", "timezone": "Europe/Berlin"} | keys
        mapping["tables"] = tables
        path = tmp_path / "source.yaml"
        path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
        return open_source(path)

    return make
