import json

from opsplaybook.batch import run_playbook
from opsplaybook.playbooks import account_review
from opsplaybook.widgets.desk import served
from opsplaybook.widgets.publishing import publish


def published(params, output):
    heard, ended = [], []
    thread = publish(
        params,
        "account_review",
        output,
        progress=lambda cell, cells: heard.append((cell, cells)),
        done=ended.append,
    )
    thread.join(300)
    return heard, ended


def test_the_page_is_that_of_a_run_on_the_same_params(tmp_path):
    params = account_review.Params(account_id="A-0012", period_days=60)
    heard, (result,) = published(params, tmp_path / "beside")
    assert result.page.name == "report.html"
    assert result.page.is_file()
    assert heard[-1][0] == heard[-1][1]
    assert [cell for cell, _ in heard] == sorted(cell for cell, _ in heard)

    record = run_playbook("account_review", params.model_dump(mode="json"), tmp_path / "here")
    manifest = json.loads((result.page.parent / "manifest.json").read_text())
    assert manifest["findings"] == record.findings


def test_a_run_that_cannot_start_says_why_and_leaves_nothing(tmp_path):
    params = account_review.Params(account_id="A-9999")
    _, (result,) = published(params, tmp_path / "out")
    assert result.page is None
    assert "A-9999" in result.message
    assert not list(tmp_path.glob("out/*/report.html"))


def test_the_link_is_where_the_server_serves_files(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    page = tmp_path.relative_to(tmp_path.anchor) / "A & B" / "report.html"
    assert served(page).endswith("/A%20%26%20B/report.html")
    assert served(page).startswith("/files/")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/mina/")
    assert served(page).startswith("/user/mina/files/")
