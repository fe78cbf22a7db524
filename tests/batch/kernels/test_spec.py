import json
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from opsplaybook.batch.kernels import spec
from opsplaybook.batch.kernels.provisioner import ForkedProvisioner


@pytest.fixture
def empty_jupyter(monkeypatch, tmp_path):
    """An environment of its own in which no kernel is installed."""
    prefix = tmp_path / "environment"
    prefix.mkdir()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    monkeypatch.setattr(
        spec,
        "jupyter_path",
        lambda kind: [
            *(
                str(Path(p, kind))
                for p in os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
                if p
            ),
            str(prefix / "share" / "jupyter" / kind),
        ],
    )
    return prefix


def test_jupyter_finds_the_kernel_and_its_provisioner():
    found = KernelSpecManager().get_kernel_spec(spec.KERNEL_NAME)
    assert found.argv[0] == sys.executable
    assert found.metadata["kernel_provisioner"]["provisioner_name"] == spec.PROVISIONER_NAME
    (entry,) = entry_points(group="jupyter_client.kernel_provisioners", name=spec.PROVISIONER_NAME)
    assert entry.load() is ForkedProvisioner


def test_it_goes_into_the_environment_and_is_written_once(empty_jupyter):
    folder = spec.ensure_kernelspec()
    assert folder == empty_jupyter / "share/jupyter/kernels/opsplaybook"
    file = folder / "kernel.json"
    first = file.stat()
    assert json.loads(file.read_text()) == spec.kernelspec()
    assert spec.ensure_kernelspec() == folder
    assert file.stat().st_mtime_ns == first.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["kernel.json"]


@pytest.mark.parametrize("stale", ["{}", "not json", '{"argv": ["/old/python"]}'])
def test_a_stale_one_is_replaced(empty_jupyter, stale):
    file = spec.ensure_kernelspec() / "kernel.json"
    file.write_text(stale)
    spec.ensure_kernelspec()
    assert json.loads(file.read_text()) == spec.kernelspec()


def test_where_the_environment_cannot_be_written_a_private_path_is_used(empty_jupyter, monkeypatch):
    # A file where the folder should be: even root cannot write into it.
    (empty_jupyter / "share").touch()
    monkeypatch.setenv("JUPYTER_PATH", "/opt/elsewhere")
    folder = spec.ensure_kernelspec()
    private, rest = os.environ["JUPYTER_PATH"].split(os.pathsep)
    assert folder == Path(private, "kernels", spec.KERNEL_NAME)
    assert rest == "/opt/elsewhere"
    assert spec.ensure_kernelspec() == folder
    spec._remove(Path(private), owner=os.getpid())
    assert not folder.exists()
