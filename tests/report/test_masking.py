from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsplaybook.report import masking


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read /home/ana/acme/a.csv now", "read [path] now"),
        ("/tmp/ipykernel_12/34.py:5: Warning", "[path]:5: Warning"),  # noqa: S108
        (r"open C:\Users\Ana\a.csv", "open [path]"),
        ("~/crm.yaml", "[path]"),
        ("file:///srv/x/y.html", "[path]"),
        ("/workspace/acme/bin/python", "[path]"),
        ("/elsewhere/main/.venv/bin/python", "[path]"),
        ("in /odd/lib/python3.11/site-packages/x.py, line 3", "in [path], line 3"),
        ("postgresql://ops:s3cret@db.example:5432/prod", "[secret]"),
        ("token = 'abcdef123'", "[secret]"),
        ("password: hunter2x", "[secret]"),
        ("AKIA" + "A" * 16, "[secret]"),
        ("ghp_" + "a" * 36, "[secret]"),
        ("db.prod.internal answers", "[host] answers"),
        ("at 10.1.22.3", "at [host]"),
    ],
)
def test_shapes_are_masked(text, expected):
    assert masking.mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "12 and/or 14",
        "2026/01/31",
        "€1.2M/€0.9M",
        "/pricing/plans was opened 40 times",
        "/app is a page",
        "A/B test",
        "https://example.com/a",
        "secret sauce; token economy",
        "Version 3.11.7",
        "10.5% of 192 accounts",
        "Local pickup",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert masking.mask(text) == text


def test_values_of_secret_variables_are_masked_and_others_are_not(monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "violet-heron")
    monkeypatch.setenv("COMPANY", "amber-otter")
    assert masking.mask("violet-heron and amber-otter") == "[secret] and amber-otter"


def test_folders_of_this_machine_are_masked_wherever_they_are(monkeypatch, tmp_path):
    folder = tmp_path / "überall" / "here"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(masking, "SHAPES", {})
    assert masking.mask(f"read {Path.cwd()}/a.csv, ok") == "read [path], ok"


def test_the_tree_is_copied_and_pictures_and_csv_stay():
    tree = {"image/png": "/home/a/b", "csv": "/home/a/b", "text": ["/home/a/b"], "n": 1}
    assert masking.mask(tree) == {
        "image/png": "/home/a/b", "csv": "/home/a/b", "text": ["[path]"], "n": 1,
    }  # fmt: skip
    assert tree["text"] == ["/home/a/b"]


def test_the_text_of_a_drawing_is_masked_and_its_coordinates_are_not():
    svg = '<svg><path d="M10.20.30.40"/><text x="10.1.2.3">/home/ana/a.csv</text></svg>'
    expected = '<svg><path d="M10.20.30.40"/><text x="10.1.2.3">[path]</text></svg>'
    assert masking.mask({"image/svg+xml": svg}) == {"image/svg+xml": expected}


_PIECES = (
    *("/home/", "C:\\", "~/", "file:/", "/", "\\", "site-packages", " ", "a", "1"),
    *("password", "api_key", ":", "=", "'", "://", "@", "eyJ", "Z9", "10.", "192.168.", ".corp"),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_looking_for_signs_first_changes_nothing(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "_SIGNS", {})
        in_full = masking.mask(text)
    assert masking.mask(text) == in_full
