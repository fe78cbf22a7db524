"""A person looks an account up among 20,000, in a real JupyterLab."""

import pandas as pd
import pytest

from opsplaybook.widgets.choices import SHOWN_HITS

ACCOUNTS = 20_000
MAPPING = """\
name: Large
currency: EUR
timezone: Europe/Berlin
tables:
  accounts:
    file: accounts.csv
    columns: {account_id: account_id, name: name, customer_since: customer_since}
"""


@pytest.fixture(scope="module")
def large(lab):
    folder = lab.folder / "large"
    folder.mkdir()
    numbers = range(ACCOUNTS)
    frame = pd.DataFrame(
        {
            "account_id": [f"C-{number:05}" for number in numbers],
            "name": [
                f"{'Bakery' if number % 100 == 0 else 'Works'} {number}" for number in numbers
            ],
            "customer_since": "2024-01-31",
        }
    )
    frame.to_csv(folder / "accounts.csv", index=False)
    (folder / "source.yaml").write_text(MAPPING)
    return "large"


def test_an_account_is_found_as_one_types(open_notebook, large):
    notebook = open_notebook("account_review")
    notebook.run_through("panel = widgets.panel")
    page = notebook.page
    page.get_by_text("Source, last known day, audience").click()
    notebook.put("source", large)
    page.get_by_text("is not among the 20,000 of the source").wait_for()

    row = notebook.row("account id")
    options = row.locator("select option")
    notebook.field("account id").fill("")
    row.get_by_text("The first 50 of 20,000").wait_for()
    notebook.field("account id").press_sequentially("bakery", delay=40)
    row.get_by_text("The first 50 of 200").wait_for()
    row.get_by_text("bakery fits 200 of the source: choose one of the list").wait_for()
    assert options.count() == SHOWN_HITS
    notebook.field("account id").press_sequentially(" 19900", delay=40)
    options.filter(has_text="C-19900 · Bakery 19900").wait_for(state="attached")
    assert options.count() == 1
    row.locator("select").select_option("C-19900 · Bakery 19900")
    page.get_by_text("choose one of the list").wait_for(state="hidden")
    assert notebook.field("account id").input_value() == "C-19900 · Bakery 19900"
    assert page.get_by_role("button", name="Publish").is_enabled()
