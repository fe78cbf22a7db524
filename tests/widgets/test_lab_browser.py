"""An analyst at a real JupyterLab: open, run, change, keep, run the kept file, publish."""

import json

import pytest

from opsplaybook import playbooks
from opsplaybook.batch import run_playbook
from opsplaybook.params import read_yaml

CHANGES = {
    "ab_review": ("experiment id", "X-02"),
    "account_review": ("account id", "A-0012"),
    "customer_portrait": ("managers", "4, 3, 3, 1"),
    "event_retrospective": ("event id", "EV-07"),
    "funnel_review": ("change name", "release six"),
    "renewal_analysis": ("account id", "A-0186"),
}
"""Per playbook a parameter, as the panel names it, and a value that changes the verdict."""


def test_every_playbook_is_tried():
    assert sorted(CHANGES) == sorted(playbooks.MODULES)


def saved_verdict(lab, playbook, file, output):
    """Return the sentence of a headless run on what was saved."""
    record = run_playbook(playbook, read_yaml(lab.folder / "params" / file), output)
    manifest = json.loads((output / record.name / "manifest.json").read_text())
    return manifest["findings"]["verdict"]["sentence"]


@pytest.mark.parametrize("playbook", sorted(CHANGES))
def test_an_analyst_changes_a_playbook_keeps_it_and_publishes_it(
    open_notebook, playbook, tmp_path, monkeypatch
):
    lab = open_notebook(playbook)
    lab.run_all()
    before = lab.verdict()

    lab.put(*CHANGES[playbook])
    lab.run_below("params = panel.params")
    after = lab.verdict()
    assert after != before

    lab.page.get_by_placeholder("name", exact=True).fill(f"kept-{playbook}")
    lab.page.keyboard.press("Tab")
    lab.page.get_by_role("button", name="Save as params").click()
    lab.page.get_by_text("Saved. Run it with").wait_for()
    monkeypatch.chdir(lab.folder)
    assert saved_verdict(lab, playbook, f"kept-{playbook}.yaml", tmp_path) in after

    lab.page.get_by_role("button", name="Publish").click()
    link = lab.page.get_by_role("link", name="Open the report")
    link.wait_for()
    with lab.page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert after.split(":", 1)[1].strip() in opened.value.inner_text("body")
