import errno
import os
from pathlib import Path

import fsspec
import pytest

from opsplaybook.batch.store import LocalStore, ObjectStore, open_store
from opsplaybook.errors import FolderBusyError, StorageError

FILES = {"notebook.ipynb": b"{}", "tables/a.csv": b"x\r\n1\r\n", "manifest.json": b"{}"}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(str(tmp_path))


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_run_folder_is_written_whole(store, tmp_path):
    store.publish("A-1", FILES)
    assert store.read("A-1/tables/a.csv") == b"x\r\n1\r\n"
    assert names_in(tmp_path) == [
        "A-1", "A-1/manifest.json", "A-1/notebook.ipynb", "A-1/tables", "A-1/tables/a.csv",
    ]  # fmt: skip


def test_a_run_folder_replaces_the_earlier_one_with_all_its_files(store, tmp_path):
    store.publish("A-1", {**FILES, "report.html": b"old"})
    store.publish("A-1", FILES)
    assert store.read("A-1/report.html") is None
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_run_folder_is_not_replaced(store, tmp_path):
    (tmp_path / "A-1").mkdir()
    (tmp_path / "A-1" / "contract.pdf").write_bytes(b"signed")
    (tmp_path / "A-2").write_bytes(b"a file")
    for name in ("A-1", "A-2"):
        assert store.is_foreign(name)
        with pytest.raises(StorageError, match=rf"{name}: .* no manifest\.json"):
            store.publish(name, FILES)
    assert names_in(tmp_path) == ["A-1", "A-1/contract.pdf", "A-2"]
    assert (tmp_path / "A-2").read_bytes() == b"a file"


def test_an_empty_folder_makes_room(store, tmp_path):
    (tmp_path / "A-1").mkdir()
    assert not store.is_foreign("A-1")
    store.publish("A-1", FILES)
    assert store.exists("A-1/manifest.json")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_says_so_and_leaves_nothing(store, tmp_path, monkeypatch, code):
    flushed = []

    def fail_at_the_second(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail_at_the_second)
    with pytest.raises(StorageError, match="the disk is full") as caught:
        store.publish("A-1", FILES)
    assert "--resume" in str(caught.value)
    assert names_in(tmp_path) == []


def test_a_full_disk_leaves_the_earlier_run_as_it_was(store, monkeypatch):
    store.publish("A-1", {**FILES, "report.html": b"old"})

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError):
        store.publish("A-1", FILES)
    assert store.read("A-1/report.html") == b"old"


def test_a_real_limit_on_file_size_is_a_full_disk(store, tmp_path):
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(StorageError, match="the disk is full"):
            store.publish("A-1", {"notebook.ipynb": b"x" * 10_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert names_in(tmp_path) == []


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "out").write_text("")
    store = LocalStore(str(tmp_path / "out"))
    with pytest.raises(StorageError, match="cannot be written"), store.lock():
        pass


def test_a_second_holder_is_refused_and_the_first_is_not_disturbed(store, tmp_path):
    with store.lock():
        with pytest.raises(FolderBusyError, match="another run or batch"), store.lock():
            pass
        with pytest.raises(FolderBusyError), LocalStore(str(tmp_path)).lock():
            pass
    with store.lock():
        pass


def test_what_a_killed_process_left_is_removed(store, tmp_path):
    (tmp_path / ".unfinished-1" / "tables").mkdir(parents=True)
    (tmp_path / ".unfinished-1" / "tables" / "a.csv").touch()
    (tmp_path / ".unfinished-2").touch()
    store.publish("A-1", FILES)
    store.clear_unfinished()
    assert [path.name for path in tmp_path.iterdir()] == ["A-1"]


def test_an_address_is_an_object_store_and_a_path_is_not():
    assert isinstance(open_store("memory://reports"), ObjectStore)
    assert isinstance(open_store("C:/reports"), LocalStore)
    assert isinstance(open_store("out puts/ä"), LocalStore)


@pytest.fixture
def remote() -> ObjectStore:
    fsspec.filesystem("memory").store.clear()
    return ObjectStore("memory://reports")


def test_an_upload_ends_with_its_manifest(remote, monkeypatch):
    written = []
    write = fsspec.implementations.memory.MemoryFileSystem.pipe_file

    def note(self, path, value, mode="overwrite", **kwargs):
        written.append(path.rpartition("/")[2])
        return write(self, path, value)

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "pipe_file", note)
    remote.publish("A-1", FILES)
    assert written[-1] == "manifest.json"
    assert remote.read("A-1/tables/a.csv") == b"x\r\n1\r\n"


def test_an_upload_replaces_the_earlier_one(remote):
    remote.publish("A-1", {**FILES, "report.html": b"old"})
    remote.publish("A-1", FILES)
    assert remote.read("A-1/report.html") is None
    assert remote.read("A-1/manifest.json") == b"{}"


def test_an_upload_removes_nothing_that_is_no_run_and_completes_one_that_was_cut_off(remote):
    remote.write("A-1/contract.pdf", b"signed")
    remote.write("A-1/notebook.ipynb", b"cut")
    remote.publish("A-1", FILES)
    assert remote.read("A-1/contract.pdf") == b"signed"
    assert remote.read("A-1/notebook.ipynb") == b"{}"
    assert remote.exists("A-1")
    assert not remote.exists("A-2")


def test_an_address_is_locked_by_an_object(remote):
    busy = pytest.raises(FolderBusyError, match=r"delete memory://reports/\.lock")
    with remote.lock(), busy, remote.lock():
        pass
    with remote.lock():
        pass


def test_lines_are_added(remote, store):
    for place in (remote, store):
        place.append("runs.jsonl", "1")
        place.append("runs.jsonl", "ä")
        assert place.read("runs.jsonl") == "1\nä\n".encode()


def test_a_run_folder_moves(remote, store):
    for place in (remote, store):
        place.publish("A-1", FILES)
        place.move("A-1", "A-1--earlier-1")
        assert place.read("A-1/manifest.json") is None
        assert place.read("A-1--earlier-1/tables/a.csv") == b"x\r\n1\r\n"
