import os
import stat
import tempfile

from opsplaybook.batch.kernels import folders


def test_the_folder_is_the_users_alone_and_short_where_the_temporary_folder_is_long(
    monkeypatch, tmp_path
):
    long = tmp_path / ("sehr langer Ordner für Köln " * 5).strip()
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = folders.private_folder()
    try:
        assert not folder.is_relative_to(long)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(os.fsencode(folder / "s-5")) <= folders.SOCKET_PATH_BYTES
    finally:
        folder.rmdir()


def test_a_short_temporary_folder_is_used(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t ö") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        assert str(folders.private_folder().parent) == short
