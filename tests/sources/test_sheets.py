"""Cells of workbooks are what they are, and their headers are checked."""

from datetime import datetime

import openpyxl
import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources.sheets import read_sheets


@pytest.fixture
def workbook(tmp_path):
    """Return a function that writes rows into a workbook."""

    def write(name: str, *rows: list):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def columns(*paths) -> dict[str, list]:
    found = read_sheets(paths, None, where="crm.yaml, table accounts")
    return {
        name: array.to_pylist()
        for column, cells in found.items()
        for name, array in cells.arrays(column)
    }


def test_texts_that_say_not_available_are_texts(workbook):
    path = workbook("a.xlsx", ["id", "name"], [1, "NA"], [2, "None"], [3, "n/a"], [4, None])
    assert columns(path) == {"id": ["1", "2", "3", "4"], "name": ["NA", "None", "n/a", None]}


def test_errors_of_formulas_are_missing(workbook):
    assert columns(workbook("a.xlsx", ["id"], ["#N/A"], ["x"])) == {"id": [None, "x"]}


def test_cells_of_one_type_keep_it_and_others_stand_beside_their_text(workbook):
    day = datetime.fromisoformat("2024-07-01")
    path = workbook(
        "a.xlsx",
        ["whole", "number", "day", "mixed"],
        [1, 0.5, day, 1.234],
        [2, 3, day, "1.234"],
        [3, None, None, day],
        [4, -1e300, day, True],
    )
    assert columns(path) == {
        "whole": ["1", "2", "3", "4"],
        "number": [0.5, 3, None, -1e300],
        "day": [day, day, None, day],
        "mixed": ["1.2340", "1.234", "2024-07-01 00:00:00", "True"],
        "_float_mixed": [1.234, None, None, None],
        "_datetime_mixed": [None, None, day, None],
    }


def test_columns_of_further_workbooks_are_found_by_name(workbook):
    first = workbook("a1.xlsx", ["id", "region"], [1, "North"])
    second = workbook("a2.xlsx", ["region", "id"], ["South", 0.5])
    assert columns(first, second) == {"id": [1, 0.5], "region": ["North", "South"]}


def test_a_column_without_a_name_is_called_by_its_place(workbook):
    path = workbook("a.xlsx", ["id", None, 2024, None], [1, "x", 5, None])
    assert columns(path) == {"id": ["1"], "column 2": ["x"], "2024": ["5"]}


@pytest.mark.parametrize("header", [["id", "Region"], ["id"], ["id", "region", "name"]])
def test_another_header_is_refused(workbook, header):
    first = workbook("a1.xlsx", ["id", "region"], [1, "North"])
    second = workbook("a2.xlsx", header, [2, "South", "x"][: len(header)])
    with pytest.raises(SourceError, match=r"a2\.xlsx: its header differs from that of a1\.xlsx"):
        columns(first, second)


@pytest.mark.parametrize("other", ["region", "Region"])
def test_a_name_that_stands_twice_is_refused(workbook, other):
    path = workbook("a.xlsx", ["id", "region", other], [1, "North", "South"])
    with pytest.raises(SourceError, match='column "region": the header is damaged'):
        columns(path)


@pytest.mark.parametrize("rows", [[], [[None, None], ["id", "name"], [1, "x"]]])
def test_a_sheet_without_a_header_is_refused(workbook, rows):
    with pytest.raises(SourceError, match="the first row, which names the columns, is blank"):
        columns(workbook("a.xlsx", *rows))
