import os
import sys
import threading

import pytest

from opsplaybook.batch.kernels import preload


def test_a_running_thread_is_named_and_refused(monkeypatch):
    monkeypatch.setattr(preload, "_THREADS_END_SECONDS", 0.0)
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="watcher")
    thread.start()
    try:
        with pytest.raises(preload.ThreadsRunningError, match="threads run after the imports"):
            preload.check_single_thread()
    finally:
        end.set()
        thread.join()


def test_every_part_that_playbooks_use_is_preloaded_and_jupyter_is_not():
    names = set(preload.package_modules())
    assert {"opsplaybook.playbooks", "opsplaybook.display", "opsplaybook.stats"} <= names
    assert not [name for name in names if name.startswith("opsplaybook.batch")]
    assert "opsplaybook.__main__" not in names


def test_the_package_is_unloaded_only_when_a_file_of_it_changed(monkeypatch, tmp_path):
    modules = {"opsplaybook": sys, "opsplaybook.x": os, "opsplaybooks": os, "numpy": os}
    monkeypatch.setattr(preload.sys, "modules", modules)
    file = tmp_path / "x.py"
    file.touch()
    times = {str(file): file.stat().st_mtime_ns}
    assert not preload.forget_changed_package(times)
    assert len(modules) == 4
    os.utime(file, ns=(1, 1))
    assert preload.forget_changed_package(times)
    assert set(modules) == {"opsplaybooks", "numpy"}


def test_a_deleted_file_counts_as_changed(monkeypatch, tmp_path):
    monkeypatch.setattr(preload.sys, "modules", {"opsplaybook": sys})
    assert preload.forget_changed_package({str(tmp_path / "gone.py"): 1})
