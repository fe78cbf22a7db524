import unicodedata
from pathlib import Path

import pytest

from opsplaybook.batch.names import folder_names

HOSTILE = [
    "../../etc/passwd",
    "..",
    ".",
    "",
    " ",
    "CON",
    "con",
    "nul",
    "LPT1",
    "a/b",
    "a\\b",
    "a:b",
    "a\0b",
    "a\nb",
    "<b>x</b>",
    "-rf",
    ".hidden",
    "ends with a dot.",
    "ends with a space ",
    "🚀",
    "Müller & Söhne",
    "株式会社オプス",
    "x" * 300,
    "株" * 300,
    "\u202egnp.exe",
    "\udcff not text",
    "index.html",
    "$(reboot)",
    "%41",
]


@pytest.mark.parametrize("subject", HOSTILE)
def test_any_name_becomes_one_safe_folder(subject, tmp_path):
    (name,) = folder_names([subject])
    (tmp_path / name).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(name.encode()) <= 255
    assert not set(name) & set('/\\:*?"<>|%$\0\n .')
    assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in name)
    assert name[0] not in "-."
    assert Path(name).stem.upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def test_hostile_names_get_folders_of_their_own_even_where_case_does_not_count():
    names = folder_names(HOSTILE)
    assert len({name.casefold() for name in names}) == len(HOSTILE)


def test_an_id_keeps_its_name():
    assert folder_names(["A-0042", "E_07", "7"]) == ("A-0042", "E_07", "7")


@pytest.mark.parametrize(
    ("subject", "readable"),
    [
        ("Müller & Söhne", "Müller-Söhne-"),
        ("株式会社オプス", "株式会社オプス-"),
        ("🚀 Space", "rocket-Space-"),
        ("<b>x</b>", "b-x-b-"),
        ("../../etc/passwd", "etc-passwd-"),
    ],
)
def test_a_changed_name_stays_readable(subject, readable):
    (name,) = folder_names([subject])
    assert name.startswith(readable)
    assert len(name) == len(readable) + 8


def test_names_that_differ_in_case_only_are_told_apart():
    one, two = folder_names(["Acme", "ACME"])
    assert one.casefold() != two.casefold()


def test_a_name_does_not_depend_on_the_order_of_the_others():
    assert set(folder_names(["b c", "a", "A"])) == set(folder_names(["A", "a", "b c"]))
