import mmap
import os
import resource
import signal

import numpy as np
import pytest

from opsplaybook.batch.kernels import pages

PAGE = os.sysconf("SC_PAGE_SIZE")
COUNT = 500


@pytest.fixture
def block() -> np.ndarray:
    """Memory that was written, one row per page."""
    whole = np.ones((COUNT + 1) * PAGE, dtype=np.uint8)
    start = -whole.ctypes.data % PAGE
    return whole[start : start + COUNT * PAGE].reshape(COUNT, PAGE)


def rows_in(ranges: list[pages.PageRange], block: np.ndarray) -> list[int]:
    first = block.ctypes.data
    found = {
        (address - first) // PAGE
        for start, length in ranges
        for address in range(start, start + length, PAGE)
    }
    return sorted(found & set(range(COUNT)))


def test_what_the_work_writes_is_found_page_by_page(block):
    wanted = [0, 1, 2, 17, 200, 201, COUNT - 1]

    def work():
        block[wanted, 5] = 2

    assert rows_in(pages.written_by(work), block) == wanted
    assert block.max() == 1, "the work is done in another process"


def test_memory_that_is_only_read_is_not_counted_as_written(block):
    assert rows_in(pages.written_by(block.sum), block) == []


def faults_of_writing(block: np.ndarray, copied: list[pages.PageRange]) -> int:
    """Count the stops of a forked process that writes to every page."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        pages.copy(copied)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        block[:, 0] += 1
        after = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        os.write(writer, f"{after - before} {block.sum()}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        faults, total = pipe.read().split()
    assert int(total) == COUNT * (PAGE + 1), "a copy holds what was there"
    return int(faults)


def test_a_forked_process_that_copied_does_not_stop_when_it_writes(block):
    def work():
        block[:, 0] = 2

    written = pages.written_by(work)
    assert faults_of_writing(block, []) >= COUNT
    assert faults_of_writing(block, written) < COUNT / 10
    assert block.max() == 1


def test_memory_that_is_gone_is_passed_over(block):
    pages.copy([pages.PageRange(0, PAGE), pages.PageRange(block.ctypes.data, PAGE)])
    assert block.max() == 1


def test_a_mapped_file_may_have_any_name(block, tmp_path):
    path = tmp_path / os.fsdecode(b"rw-p \xff\x85\r.bin")
    with path.open("w+b") as file:
        file.truncate(PAGE)
        with mmap.mmap(file.fileno(), PAGE, mmap.MAP_PRIVATE):
            found = pages.written_by(lambda: block[3].fill(2))
    assert rows_in(found, block) == [3]


def test_nothing_is_tried_where_the_system_does_not_say_whose_a_page_is(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "_PAGEMAP", tmp_path / "pagemap")
    assert pages.written_by(lambda: os._exit(3)) == []


def test_work_that_raises_is_an_error_and_its_process_says_why(capfd):
    def work():
        raise KeyError("x")

    with pytest.raises(pages.TrialError, match="the forked trial ended with code 1"):
        pages.written_by(work)
    assert "KeyError: 'x'" in capfd.readouterr().err


def test_work_that_is_killed_is_an_error():
    with pytest.raises(pages.TrialError, match="the forked trial ended with code -9"):
        pages.written_by(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_nothing_of_the_caller_runs_in_the_forked_process(tmp_path):
    note = tmp_path / "cleaned"
    try:
        pages.written_by(lambda: None)
    finally:
        with note.open("a") as file:
            file.write("once")
    assert note.read_text() == "once"
