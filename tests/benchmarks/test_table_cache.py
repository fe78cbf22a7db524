"""Loading a playbook's tables from an analyst's own files: validated anew, and from the cache."""

import importlib
import time
from statistics import median

import pytest

from opsplaybook import playbooks
from opsplaybook.params import read_yaml
from opsplaybook.sources.table_cache import CACHE_VARIABLE

pytestmark = pytest.mark.slow

RUNS = 3
LEAST_RATIO = 3.0
"""Measured: 4.5 to 8."""


@pytest.mark.parametrize("name", sorted(playbooks.MODULES))
def test_load_from_the_cache(bench, source, tmp_path, monkeypatch, name):
    playbook = importlib.import_module(f"opsplaybook.playbooks.{name}")
    own = read_yaml(playbooks.params_path(name)) | {"source": source}
    params = playbook.Params(**own)

    def seconds() -> float:
        start = time.perf_counter()
        playbook.load(params)
        return time.perf_counter() - start

    seconds()
    anew = [seconds() for _ in range(RUNS)]
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    first = seconds()
    kept = [seconds() for _ in range(RUNS)]
    ratio = median(anew) / median(kept)
    told = f"validated {median(anew):.2f} s, and kept {first:.2f} s, from the cache "
    bench.report([f"{name}, load from files: {told}{median(kept):.2f} s, ratio {ratio:.1f}"])
    assert ratio > LEAST_RATIO
