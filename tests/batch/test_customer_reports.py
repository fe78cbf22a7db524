"""Forty reports for customers from one batch: none tells of another customer, or of us."""

import base64
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from opsplaybook import report, samples
from opsplaybook.batch.plan import make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.runner import run_batch
from opsplaybook.errors import RenderError
from opsplaybook.report.leaks import png_texts
from opsplaybook.sources import open_source

REPORTS = 40
CUSTOMERS = """
    SELECT account_id FROM contracts WHERE outcome = 'open'
    GROUP BY account_id ORDER BY max(annual_value) DESC, account_id
"""
PICTURE = re.compile(r'data:image/(?P<kind>svg\+xml|png)(?P<base64>;base64)?,(?P<body>[^"]*)')
OURS = ("Tier", "Health score", "Signals", "Looked after by", "at risk", "Traceback", "In [")


@dataclass(frozen=True, slots=True)
class Company:
    """The sample company as a folder, with the names that a report may leak."""

    folder: Path
    names: dict[str, str]
    staff: frozenset[str]

    def secrets(self, account_id: str) -> set[str]:
        """Return keys and names of all other accounts, and names of the staff."""
        others = {key: name for key, name in self.names.items() if key != account_id}
        return {*others, *others.values(), *self.staff}


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Company:
    """Write the sample company, with a customer who speaks of another one in an open request."""
    folder = tmp_path_factory.mktemp("company")
    samples.write_company(folder, accounts=80)
    with (folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        accounts = list(csv.DictReader(file))
    names = {row["account_id"]: row["name"] for row in accounts}
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        hosts = {row["owner"] for row in csv.DictReader(file)}
    return Company(folder, names, frozenset(hosts | {row["owner"] for row in accounts}))


@pytest.fixture(scope="module")
def batch(company, tmp_path_factory) -> SimpleNamespace:
    """Review the largest customers for themselves; the first one's data name another customer."""
    accounts = open_source(company.folder).query(CUSTOMERS)["account_id"].head(REPORTS + 1).tolist()
    named = company.names[accounts[1]]
    with (company.folder / "requirements.csv").open("a", encoding="utf-8") as file:
        words = f'"Do it for us as you did it for {named}."'
        file.write(
            f'"R-9999","{accounts[0]}",{words},"requirement","roles",2026-06-20,"planned",,,\n'
        )
    plan = PlanFile(
        playbook="account_review",
        source=str(company.folder),
        audience="customer",
        params={"as_of": "2026-06-30"},
        each=[{"account_id": account_id} for account_id in accounts],
    )
    output = tmp_path_factory.mktemp("reviews")
    made = make_plan("reviews", plan, plan.each, where="test")
    summary = run_batch(made, output, workers=2)
    return SimpleNamespace(
        summary=summary, folder=output / "reviews", first=accounts[0], named=named
    )


def readable(page: str) -> Iterator[str]:
    """Yield all that a reader, or a program, can read in a page: independent of the leak scan."""
    yield page
    yield unescape(re.sub(r"<[^>]+>", "", page))
    for match in PICTURE.finditer(page):
        if match["kind"] == "png":
            yield from png_texts(base64.b64decode(match["body"]))
        else:
            svg = unescape(unquote(unescape(match["body"])))
            yield svg
            yield re.sub(r"<[^>]+>", "", svg)


def leaks_of(page: str, secrets: set[str]) -> set[str]:
    texts = [" ".join(text.split()) for text in readable(page)]
    near = [(secret, text) for secret in secrets for text in texts if secret in text]
    return {s for s, text in near if re.search(rf"(?<!\w){re.escape(s)}(?!\w)", text)}


def test_forty_reports_name_nobody_else_and_nothing_of_us(batch, company):
    done = [record for record in batch.summary.records if record.succeeded]
    assert len(done) == REPORTS
    for record in done:
        page = (batch.folder / record.name / "report.html").read_text(encoding="utf-8")
        assert leaks_of(page, company.secrets(record.name)) == set()
        assert [word for word in OURS if word in page] == []
        assert company.names[record.name] in unescape(page)
        tables = (batch.folder / record.name / "tables").glob("*.csv")
        texts = {path.name: path.read_text(encoding="utf-8-sig") for path in tables}
        assert "account.csv" not in texts
        assert {
            name for name, text in texts.items() if leaks_of(text, company.secrets(record.name))
        } == set()


def test_a_name_in_the_data_fails_the_one_run_that_would_have_told_it(batch):
    (failed,) = batch.summary.failed
    assert (failed.name, failed.failure.name) == (batch.first, "RenderError")
    assert f"forbidden name in the page: {batch.named}" in failed.failure.value
    assert not (batch.folder / failed.name / "report.html").exists()
    assert batch.summary.exit_code == 1


@pytest.mark.parametrize(
    "place", ["cell of a table", "caption", "drawing", "text alternative", "claim"]
)
def test_a_planted_name_is_refused_and_would_have_been_found(batch, company, place):
    record = next(record for record in batch.summary.records if record.succeeded)
    book = json.loads((batch.folder / record.name / "notebook.ipynb").read_text(encoding="utf-8"))
    secrets = company.secrets(record.name)
    plant(book, place, batch.named if batch.named in secrets else batch.first)
    with pytest.raises(RenderError, match="that a customer must not see"):
        report.render(book, audience="customer", forbidden=sorted(secrets))
    unguarded = report.render(book, audience="customer")
    assert leaks_of(unguarded, secrets)


def plant(book: dict, place: str, name: str) -> None:
    """Put a name where the first chart, table or finding for customers can hold it."""
    bundles = [
        out["data"] for cell in book["cells"] for out in cell.get("outputs", ()) if "data" in out
    ]
    kind = {"drawing": "chart", "text alternative": "chart", "claim": "findings"}.get(
        place, "table"
    )
    mime = f"application/vnd.opsplaybook.{kind}+json"
    found = [data for data in bundles if mime in data]
    if kind == "findings":
        items = [f for f in found[-1][mime]["findings"] if f["audience"] == "customer"]
        items[0]["claim"] += f" Ahead of {name}."
        return
    data = next(data for data in found if data[mime]["audience"] == "customer")
    if place == "cell of a table":
        data[mime]["rows"][0][0] = f"beside {name}"
    elif place == "caption":
        data[mime]["caption"] += f" and {name}"
    elif place == "text alternative":
        data[mime]["alt"] += f" Above {name}."
    else:
        svg = "".join(data["image/svg+xml"])
        data["image/svg+xml"] = svg.replace("</svg>", f"<text>{name}</text></svg>")
