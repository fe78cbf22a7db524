"""Parameters: every slip is named at once, before anything runs."""

from datetime import date

import pytest

from opsplaybook.errors import ParamsError, UsageError
from opsplaybook.params import PlaybookParams, read_yaml, resolve, shipped_folder


def test_every_problem_is_named_at_once():
    with pytest.raises(ParamsError) as caught:
        resolve(
            PlaybookParams, {"sorce": "crm", "level": "2", "as_of": "31.12.2025"}, where="x.yaml"
        )

    text = str(caught.value)
    assert text.startswith("x.yaml: 3 parameters are wrong")
    assert "sorce: there is no such parameter; did you mean source?" in text
    assert 'level: must be at most 0.999, not "2"' in text
    assert "as_of: " in text
    assert '"31.12.2025"' in text


def test_texts_of_the_command_line_become_what_is_meant():
    params = resolve(PlaybookParams, {"as_of": "2026-06-30", "level": "0.9"})

    assert params.as_of == date(2026, 6, 30)
    assert params.level == pytest.approx(0.9)


def test_params_cannot_be_changed_behind_the_back():
    params = PlaybookParams()

    with pytest.raises(ValueError, match="frozen"):
        params.source = "other"


def test_params_are_shown_with_value_and_meaning():
    bundle, _ = PlaybookParams(source="<b>x</b>")._repr_mimebundle_()

    assert "&lt;b&gt;x&lt;/b&gt;" in bundle["text/html"]
    assert "Level of the intervals" in bundle["text/plain"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"source: [unclosed", "at line 1"),
        (b"source: a\nlevel: .9\nsource: b\n", 'the key "source" stands twice at line 3'),
        (b"- a\n- b\n", "a mapping of names to values is needed, not a list"),
        (b"source: \xff\xfe", "not UTF-8 text at byte 8"),
        (b"source: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_bad_yaml_says_what_and_where(tmp_path, content, problem):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)

    with pytest.raises(ParamsError, match=problem) as caught:
        read_yaml(path)
    assert "params.yaml" in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="a folder was given"):
        read_yaml(tmp_path)


def test_empty_file_holds_no_parameter(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")

    assert read_yaml(path) == {}


def test_shipped_folders_are_found_from_anywhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert (shipped_folder("params") / "event_retrospective.yaml").is_file()
    assert (shipped_folder("notebooks") / "event_retrospective.ipynb").is_file()


def test_a_date_of_another_form_is_told_the_right_one():
    with pytest.raises(ParamsError, match="as_of: must be a date like 2026-01-31, not "):
        resolve(PlaybookParams, {"as_of": "31.12.2025"})
