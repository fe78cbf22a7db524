import pytest

from opsplaybook.display import PACKED_FROM
from opsplaybook.errors import RenderError
from opsplaybook.report import csv_tables, findings_of
from opsplaybook.report.notebook import csv_name, shown_to


def test_the_last_findings_count(make):
    first, last = make.findings(subject="First"), make.findings(subject="Last")
    book = make.notebook(make.code("a", make.shown(first)), make.code("b", make.shown(last)))
    found = findings_of(book)
    assert found["subject"] == "Last"
    assert found["verdict"] == last.to_json()["verdict"]


def test_a_notebook_without_findings_has_none(make):
    assert findings_of(make.notebook(make.prose("# Title"))) is None


def test_findings_in_a_removed_cell_are_not_read(make):
    cell = make.code("a", make.shown(make.findings()), tags=("remove-cell",))
    assert findings_of(make.notebook(cell)) is None


@pytest.mark.parametrize("book", [{}, {"nbformat": 3, "worksheets": []}, {"nbformat": 4}])
def test_what_is_no_notebook_of_format_4_is_refused(book):
    with pytest.raises(RenderError, match="a notebook of format 4 is needed"):
        findings_of(book)


def test_every_table_and_the_data_of_every_chart_become_files(make):
    files = csv_tables(make.review())
    assert list(files) == ["parameters.csv", "attendance-data.csv", "channels.csv", "quality.csv"]
    assert files["channels.csv"] == make.table().csv


def test_a_table_that_left_the_kernel_packed_is_a_file_with_all_its_rows(make):
    text = "unit\r\n" + "U-1\r\n" * PACKED_FROM
    book = make.notebook(make.code("a", make.shown(make.table(csv=text))))
    assert len(str(book)) < len(text) / 20
    assert csv_tables(book)["channels.csv"] == text


def test_a_customer_gets_only_what_is_for_customers(make):
    mixed = make.chart(audience="customer", data=make.table("others"))
    book = make.notebook(
        make.code("a", make.shown(mixed)),
        make.code("b", make.shown(make.table("ours"))),
        make.code("c", make.shown(make.table("theirs", audience="customer"))),
    )
    assert list(csv_tables(book, audience="customer")) == ["theirs.csv"]


def test_one_table_shown_twice_is_one_file_and_two_with_one_key_are_refused(make):
    once = make.code("a", make.shown(make.table()))
    assert len(csv_tables(make.notebook(once, once))) == 1
    other = make.code("b", make.shown(make.table(csv="x\r\n1\r\n")))
    with pytest.raises(RenderError, match='two different tables have the key "channels"'):
        csv_tables(make.notebook(once, other))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("../../etc/passwd", "etc-passwd.csv"),
        ("<b>x</b>", "b-x-b.csv"),
        ("a\0b", "a-b.csv"),
        ("", "part.csv"),
        ("Größe", "größe.csv"),
    ],
)
def test_keys_become_safe_names(key, name):
    assert csv_name(key) == name


def test_what_does_not_say_whom_it_is_for_is_internal():
    assert shown_to({}, "internal")
    assert not shown_to({"audience": "Customer"}, "customer")
