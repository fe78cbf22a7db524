import os
import stat
import tempfile
from pathlib import Path

from opsplaybook.batch.kernels import folders


def test_the_folder_is_the_users_alone_and_short_where_the_temporary_folder_is_long(
    monkeypatch, tmp_path
):
    long = tmp_path / ("sehr langer Ordner für Köln " * 5).strip()
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = folders.private_folder()
    try:
        of_kernel = folders.private_folder(folder)
        assert not of_kernel.is_relative_to(long)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(of_kernel.stat().st_mode) == 0o700
        assert len(os.fsencode(of_kernel / "s-5")) <= folders.SOCKET_PATH_BYTES
    finally:
        folders.remove_server_folders(folder)


def test_a_short_temporary_folder_is_used(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t ö") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        assert str(folders.private_folder().parent) == short


def test_a_path_that_just_fits_holds_the_sockets_of_a_kernel(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as short:
        fits = Path(short, "x" * (folders.SOCKET_PATH_BYTES - len(short) - 41))
        fits.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(fits))
        of_kernel = folders.private_folder(folders.private_folder())
        assert of_kernel.parent == fits
        assert len(os.fsencode(of_kernel / "s-5")) <= folders.SOCKET_PATH_BYTES


def test_a_server_leaves_nothing_of_its_kernels_and_spares_those_of_others(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t [a]") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        server, other = folders.private_folder(), folders.private_folder()
        (folders.private_folder(server) / "s-1").touch()
        of_other = folders.private_folder(other)
        folders.remove_server_folders(server)
        assert set(Path(short).iterdir()) == {other, of_other}
