from types import SimpleNamespace

import pytest

from opsplaybook.display import TABLE_MIME
from opsplaybook.errors import ParamsError
from opsplaybook.playbooks import account_review
from opsplaybook.widgets import frontend, panel, what_if
from opsplaybook.widgets.panel import _OPEN, adopt

PARAMS = account_review.Params()
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def none_open():
    _OPEN.clear()
    yield
    _OPEN.clear()


@pytest.fixture
def person(monkeypatch):
    """A front end that can ask for input."""
    parent = {"content": {"allow_stdin": True}}
    kernel = SimpleNamespace(get_parent=lambda channel: parent)
    monkeypatch.setattr(frontend, "get_ipython", lambda: SimpleNamespace(kernel=kernel))


def test_where_nobody_sits_it_is_the_table_of_parameters():
    shown = panel(account_review, PARAMS)
    bundle, _ = shown._repr_mimebundle_()
    assert bundle == PARAMS._repr_mimebundle_()[0]
    assert TABLE_MIME in bundle
    assert shown.params == PARAMS


def test_a_person_gets_a_form(person):
    bundle, _ = panel(account_review, PARAMS)._repr_mimebundle_()
    assert WIDGET_MIME in bundle


def test_what_was_put_in_stays_when_the_cell_runs_again(person):
    shown = panel(account_review, PARAMS)
    shown._repr_mimebundle_()
    shown._desk.form._fields["period_days"].widget.value = 60
    assert panel(account_review, PARAMS).params.period_days == 60
    other = PARAMS.model_copy(update={"account_id": "A-0012"})
    assert panel(account_review, other).params.period_days == 90


def test_what_was_said_goes_when_it_is_no_longer_so(person, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = panel(account_review, PARAMS)
    shown._repr_mimebundle_()
    desk = shown._desk
    desk._save.click()
    assert "there is no name yet" in desk._kept.value
    desk._name.value = "mine"
    assert desk._kept.value == ""
    desk._save.click()
    assert "Saved" in desk._kept.value
    desk.form._fields["period_days"].widget.value = 60
    assert desk._kept.value == ""
    assert "Run the cells below" in desk._hint.value
    assert shown.params.period_days == 60
    assert desk._hint.value == ""


def test_nothing_runs_on_values_that_are_wrong(person):
    shown = panel(account_review, PARAMS)
    shown._repr_mimebundle_()
    shown._desk.form._fields["account_id"].widget.value = "A-9999"
    with pytest.raises(ParamsError, match="A-9999 is not among the"):
        _ = shown.params


def test_a_panel_takes_what_it_has_and_says_what_that_is(person):
    assert adopt(PARAMS, {"period_days": 60}) == ()
    shown = panel(account_review, PARAMS)
    shown._repr_mimebundle_()
    assert adopt(PARAMS, {"period_days": 60, "of_the_view": 1}) == ("period_days",)
    assert shown.params.period_days == 60


def test_a_view_without_a_person_is_its_first_table():
    view = what_if(lambda params: (params.table(),), PARAMS, names=("period_days",))
    bundle, _ = view._repr_mimebundle_()
    assert TABLE_MIME in bundle
    assert WIDGET_MIME not in bundle
