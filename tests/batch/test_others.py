from opsplaybook.batch.others import forbidden_names, write_names
from opsplaybook.sources import open_source

YAML = """
name: x
currency: EUR
timezone: UTC
tables:
  accounts:
    file: accounts.csv
    columns: {account_id: id, name: name, owner: owner}
"""


def names_file(folder, rows):
    (folder / "source.yaml").write_text(YAML)
    (folder / "accounts.csv").write_text("id,name,owner\n" + rows)
    path = folder / "names.json"
    write_names(open_source(folder), path)
    return str(path)


def test_a_customer_is_told_of_nobody_else(tmp_path):
    path = names_file(tmp_path, "A-1,Alpha,Ada\nA-2,Beta,Ada\nA-3,,Bo\n")
    names = forbidden_names(path, {"audience": "customer", "account_id": "A-1"})
    assert names == ("Ada", "Bo", "A-2", "Beta", "A-3")


def test_a_report_about_no_account_names_no_account(tmp_path):
    path = names_file(tmp_path, "A-1,Alpha,\n")
    names = forbidden_names(path, {"audience": "customer", "event_id": "A-1"})
    assert names == ("A-1", "Alpha")


def test_an_internal_report_may_name_all(tmp_path):
    path = names_file(tmp_path, "A-1,Alpha,Ada\n")
    assert forbidden_names(path, {"audience": "internal"}) == ()
    assert forbidden_names("", {"audience": "customer"}) == ()
