from datetime import date

import ipywidgets
import pytest

from opsplaybook import playbooks
from opsplaybook.playbooks import account_review, customer_portrait, funnel_review
from opsplaybook.widgets.form import Form


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    from opsplaybook import samples

    folder = tmp_path_factory.mktemp("company")
    samples.write_company(folder, accounts=40)
    return str(folder)


def form_of(playbook, **values):
    heard = []
    form = Form(playbook.Params(**values), lambda: heard.append(form.valid))
    return form, heard


def put(form, name, value):
    form._fields[name].widget.value = value


@pytest.mark.parametrize("name", sorted(playbooks.MODULES))
def test_every_playbook_has_a_form_that_hands_its_params_back(name):
    params = playbooks.get(name).Params()
    form = Form(params, lambda: None)
    form._check()
    assert form.problems == {}
    assert form.params == params


def test_a_change_is_in_the_params_and_is_heard(small):
    form, heard = form_of(account_review, source=small, account_id="A-0001")
    put(form, "period_days", 60)
    put(form, "key_actions", "login, export")
    put(form, "as_of", date(2026, 3, 31))
    assert (form.params.period_days, form.params.as_of) == (60, date(2026, 3, 31))
    assert form.params.key_actions == ("login", "export")
    assert heard == [True, True, True]


def test_texts_with_commas_stand_one_below_the_other():
    form, _ = form_of(funnel_review)
    steps = form._fields["steps"].widget
    assert steps.value.splitlines() == list(funnel_review.Params().steps)
    put(form, "steps", "signed_up\n created_report: segment=a, b; shared_report\n\n")
    wanted = ("signed_up", "created_report: segment=a, b", "shared_report")
    assert form._fields["steps"].read() == wanted


def test_an_account_is_chosen_by_its_text(small):
    form, _ = form_of(account_review, source=small, account_id="A-0001")
    box = form._fields["account_id"].widget
    (text,), total = box._choices().offered("A-0005")
    put(form, "account_id", text)
    assert (form.params.account_id, total) == ("A-0005", 1)
    assert text.startswith("A-0005 · ")


def test_a_deleted_account_is_marked_beside_its_field(small):
    form, heard = form_of(account_review, source=small, account_id="A-0001")
    put(form, "account_id", "A-9999")
    assert heard == [False]
    assert form.problems["account_id"].startswith("A-9999 is not among the")
    assert "A-9999" in form._meanings["account_id"].value
    assert form.params.account_id == "A-0001"


def test_a_part_of_a_name_is_no_account_yet(small):
    form, heard = form_of(account_review, source=small, account_id="A-0001")
    put(form, "account_id", "A-000")
    assert form.problems == {"account_id": "A-000 fits 9 of the source: choose one of the list"}
    assert heard == [False]


def test_a_wrong_value_is_marked_with_the_words_of_the_model(small):
    form, _ = form_of(customer_portrait, source=small)
    put(form, "thresholds", "40, 50, 60")
    assert form.problems == {"thresholds": "they must fall from S to B"}
    put(form, "thresholds", "60, 50, 40")
    assert form.problems == {}
    assert form._meanings["thresholds"].problem == ""


@pytest.mark.parametrize("name", sorted(playbooks.MODULES))
def test_every_number_of_days_and_every_day_has_an_end(name):
    for field, info in playbooks.get(name).Params.model_fields.items():
        if field.endswith(("_days", "_months")) and info.annotation is int:
            ends = {end for item in info.metadata for end in ("ge", "le") if hasattr(item, end)}
            assert ends == {"ge", "le"}, field
    form, _ = form_of(playbooks.get(name))
    for field, kept in form._fields.items():
        if isinstance(kept.widget, ipywidgets.DatePicker):
            before = kept.widget.value
            put(form, field, date.max)
            assert form.problems == {field: "must be at most 2199-12-31"}
            put(form, field, before)


def test_what_is_empty_is_said_without_the_names_of_types(small):
    form, _ = form_of(account_review, source=small, account_id="A-0001")
    put(form, "account_id", "")
    assert form.problems == {"account_id": "must not be empty"}
    form, _ = form_of(customer_portrait, source=small)
    put(form, "dimensions", "")
    assert form.problems["dimensions"] == "at least 1 needed"
    form, _ = form_of(customer_portrait, source=small)
    put(form, "thresholds", "high, 50, 40")
    assert form.problems == {"thresholds": "must be a number"}


def test_sliders_follow_the_dimensions_that_they_weigh(small):
    form, _ = form_of(customer_portrait, source=small)
    kept = form.params.dimensions[:3]
    put(form, "dimensions", ", ".join(kept))
    assert form.problems == {}
    assert form.params.dimensions == kept
    assert sum(form.params.weights) == 100
    put(form, "dimensions", ", ".join((*kept, "no such")))
    assert "no such" in form.problems["dimensions"]


def test_values_are_put_into_the_form_at_once(small):
    form, heard = form_of(customer_portrait, source=small)
    weights = (100, *[0] * (len(form.params.weights) - 1))
    form.show({"weights": weights, "cut_by": "threshold"})
    assert form.params.weights == weights
    assert form.params.cut_by == "threshold"
    assert heard[-1]


def test_a_list_that_is_too_long_for_one_line_is_seen_whole(small):
    form, _ = form_of(customer_portrait, source=small)
    dimensions = form._fields["dimensions"]
    assert dimensions.widget.rows == 4
    dimensions.widget.value = "order_amount, company_size,\ngross_profit\n"
    assert dimensions.read() == ("order_amount", "company_size", "gross_profit")
    assert form._fields["teams"].widget.rows == 5
    assert isinstance(form._fields["thresholds"].widget, ipywidgets.Text)


def test_weights_stay_whole(small):
    form, _ = form_of(customer_portrait, source=small)
    form._fields["weights"].widget.children[0].value = 50
    assert form.params.weights[0] == 50
    assert sum(form.params.weights) == 100


def test_a_source_that_vanished_is_said_and_can_be_corrected(small):
    form, _ = form_of(account_review, source=small, account_id="A-0001")
    put(form, "source", "nowhere")
    assert "there is no such source" in form._notice.value
    assert not form.valid
    put(form, "source", small)
    assert form._notice.value == ""
    assert form.valid


def test_text_from_data_is_escaped():
    form, _ = form_of(account_review)
    put(form, "account_id", "<img src=x onerror=alert(1)>")
    assert "<img" not in form._meanings["account_id"].value
