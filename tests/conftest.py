"""What tests of several folders share."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml


@pytest.fixture(scope="session")
def write_source(tmp_path_factory) -> Callable[[Mapping[str, pd.DataFrame]], str]:
    """Return a function that writes frames as CSV with their source YAML and gives its path."""

    def write(frames: Mapping[str, pd.DataFrame]) -> str:
        folder: Path = tmp_path_factory.mktemp("source")
        tables = {}
        for name, frame in frames.items():
            frame.to_csv(folder / f"{name}.csv", index=False)
            columns = {column: column for column in frame.columns}
            tables[name] = {"file": f"{name}.csv", "columns": columns}
        mapping = {
            "name": "Hand-made",
            "currency": "EUR",
            "timezone": "Europe/Berlin",
            "tables": tables,
        }
        path = folder / "source.yaml"
        path.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
        return str(path)

    return write
