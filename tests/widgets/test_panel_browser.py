"""What goes wrong reaches the person at the panel, in a real JupyterLab."""

import shutil
import time

import psutil
import pytest

from opsplaybook import samples
from opsplaybook.sources import open_source

NAME = "account_review"


@pytest.fixture(scope="module")
def company(lab):
    """The sample company as files beside the notebooks."""
    folder = lab.folder / "company"
    samples.write_company(folder, accounts=40)
    return folder


def at_panel(open_notebook, name=NAME):
    notebook = open_notebook(name)
    notebook.run_through("panel = widgets.panel")
    notebook.page.get_by_role("button", name="Publish").wait_for()
    return notebook


def open_more(notebook):
    notebook.page.get_by_text("Source, last known day, audience").click()


def complaints(notebook):
    """Return what the notebook complains about; JupyterLab has alerts of its own."""
    return notebook.page.locator(".jp-OutputArea [role=alert]:visible")


def alert(notebook):
    """Return what the panel complains about."""
    line = complaints(notebook).first
    line.wait_for()
    return line.inner_text()


def test_an_account_that_was_deleted_is_marked_and_stops_the_cells_below(open_notebook):
    """Nobody is asked about news meanwhile, which JupyterLab would do as it starts."""
    notebook = at_panel(open_notebook)
    notebook.put("account id", "A-9999")
    assert "A-9999 is not among the" in alert(notebook)
    assert notebook.page.get_by_role("button", name="Publish").is_disabled()
    assert notebook.page.get_by_role("button", name="Save as params").is_disabled()
    notebook.run("params = panel.params")
    cell = notebook.cell("params = panel.params")
    assert "correct them in the panel" in cell.locator(".jp-OutputArea").inner_text()
    notebook.put("account id", "A-0012")
    assert complaints(notebook).count() == 0
    assert notebook.page.get_by_role("button", name="Publish").is_enabled()
    assert notebook.page.get_by_text("official Jupyter news").count() == 0


def test_a_source_that_was_never_there_is_marked(open_notebook):
    notebook = at_panel(open_notebook)
    open_more(notebook)
    notebook.put("source", "nowhere")
    assert "there is no such source" in alert(notebook)
    notebook.put("source", "sample")
    assert complaints(notebook).count() == 0


def test_a_source_that_vanishes_after_the_panel_was_shown_is_said_by_the_panel(
    open_notebook, company
):
    notebook = at_panel(open_notebook)
    open_more(notebook)
    notebook.put("source", "company")
    notebook.put("account id", "A-0003")
    assert complaints(notebook).count() == 0
    aside = company.rename(company.with_name("aside"))
    try:
        notebook.page.get_by_role("button", name="Publish").click()
        said = alert(notebook)
    finally:
        aside.rename(company)
    assert "company" in said
    assert "no such" in said or "neither" in said
    assert notebook.page.get_by_role("button", name="Publish").is_enabled()


def test_an_account_deleted_after_the_panel_was_shown_is_said_by_the_panel(open_notebook, company):
    notebook = at_panel(open_notebook)
    open_more(notebook)
    notebook.put("source", "company")
    notebook.put("account id", "A-0003")
    accounts = company / "accounts.csv"
    before = accounts.read_text()
    kept = [line for line in before.splitlines() if not line.startswith('"A-0003"')]
    accounts.write_text("\n".join(kept) + "\n")
    try:
        notebook.page.get_by_role("button", name="Publish").click()
        said = alert(notebook)
    finally:
        accounts.write_text(before)
    assert "A-0003" in said
    assert not list(lab_outputs(notebook, "A-0003*"))


def lab_outputs(notebook, pattern):
    return (notebook.folder / "outputs").glob(pattern)


def test_a_day_before_all_data_is_said_by_the_panel(open_notebook):
    notebook = at_panel(open_notebook)
    open_more(notebook)
    notebook.put("as of", "1990-01-01")
    notebook.page.get_by_role("button", name="Publish").click()
    assert "1990" in alert(notebook)


def test_days_of_entry_that_cross_are_marked_at_once(open_notebook):
    notebook = at_panel(open_notebook, "funnel_review")
    notebook.put("entered from", "2026-03-01")
    notebook.put("entered to", "2026-01-01")
    assert "the period ends first" in alert(notebook)


def test_two_notebooks_on_one_kernel_server_keep_their_own_values(open_notebook, lab):
    shutil.copy(lab.folder / f"{NAME}.ipynb", lab.folder / "second.ipynb")
    first, second = at_panel(open_notebook), at_panel(open_notebook, "second")
    first.put("account id", "A-0012")
    second.put("account id", "A-0186")
    for notebook in (first, second):
        notebook.run("params = panel.params")
        notebook.run("account = playbook.review_account")
    names = open_source("sample").search("accounts", "", limit=1_000).names
    mine, hers = names["A-0012"], names["A-0186"]
    shown = [one.cell("playbook.table_account").inner_text() for one in (first, second)]
    assert [(mine in text, hers in text) for text in shown] == [(True, False), (False, True)]
    servers = {process.ppid() for process in kernels_of(lab)}
    assert len(kernels_of(lab)) >= 2
    assert len(servers) == 1


def kernels_of(lab):
    """Return the kernels of the lab: copies of the server that they were forked from."""
    below = psutil.Process(lab.process.pid).children(recursive=True)
    alike = {one.pid: one for one in below if "kernels.server" in " ".join(one.cmdline())}
    return [one for one in alike.values() if one.ppid() in alike]


def running_for(lab):
    """Return the processes of the lab that make a page."""
    below = psutil.Process(lab.process.pid).children(recursive=True)
    return [p for p in below if "run" in p.cmdline() and "--progress" in p.cmdline()]


def test_a_kernel_restarted_while_a_page_is_made_leaves_nothing_half_and_says_so(
    open_notebook, lab
):
    notebook = at_panel(open_notebook)
    notebook.put("account id", "A-0020")
    kernels_before = len(kernels_of(lab))
    notebook.page.get_by_role("button", name="Publish").click()
    notebook.page.get_by_text("Running ...").wait_for()
    (run,) = wait_until(lambda: running_for(lab))
    started = [run, *run.children(recursive=True)]
    notebook.menu("Kernel", "Restart Kernel")
    notebook.page.locator(".jp-Dialog button", has_text="Restart").click()
    notebook.page.get_by_text("Python (opsplaybook) | Idle").wait_for()
    _, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []
    assert len(kernels_of(lab)) == kernels_before
    assert list(lab_outputs(notebook, "A-0020*")) == []

    notebook.run_through("panel = widgets.panel")
    assert "was not finished" in alert(notebook)
    notebook.put("account id", "A-0020")
    notebook.page.get_by_role("button", name="Publish").click()
    notebook.page.get_by_text("Running ...").wait_for()
    notebook.menu("Kernel", "Interrupt Kernel")
    notebook.page.get_by_role("link", name="Open the report").wait_for()
    assert (lab.folder / "outputs" / "A-0020" / "report.html").is_file()
    assert [p.name for p in (lab.folder / "outputs").iterdir() if p.name.startswith(".un")] == []


def wait_until(look, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found
