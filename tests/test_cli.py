"""What an analyst types by mistake is answered with one message to act on, and exit code 2."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsplaybook.cli import cli
from opsplaybook.samples import write_company


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    write_company(folder, accounts=40)
    return folder


@pytest.fixture(autouse=True)
def _no_kernel_server(monkeypatch):
    """What is refused starts no kernel, so none need be kept ready."""
    monkeypatch.setenv("OPSPLAYBOOK_KERNEL", "ordinary")


@pytest.fixture
def damaged(company, tmp_path):
    """Copy the company, to be damaged."""
    return Path(shutil.copytree(company, tmp_path / "company"))


def refused(*arguments: object) -> str:
    """Run a command that must be refused, and return its message."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])

    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr or result.output


def run(source: Path, output: Path, *parameters: str) -> str:
    pairs = [text for pair in (f"source={source}", *parameters) for text in ("-p", pair)]
    return refused("run", "event_retrospective", *pairs, "-o", output)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_missing_file(damaged, tmp_path):
    (damaged / "events.csv").unlink()

    assert "events.csv" in run(damaged, tmp_path)


def test_empty_file(damaged, tmp_path):
    (damaged / "events.csv").write_text("", encoding="utf-8")

    message = run(damaged, tmp_path)

    assert "events.csv" in message
    assert "empty" in message


def test_folder_given_as_file(damaged, tmp_path):
    (damaged / "events.csv").unlink()
    (damaged / "events.csv").mkdir()

    message = run(damaged, tmp_path)

    assert "events.csv" in message
    assert "folder" in message


def test_wrong_delimiter(damaged, tmp_path):
    path = damaged / "events.csv"
    change(path, ",", ";")

    message = run(damaged, tmp_path)

    assert "events.csv" in message
    assert "delimiter" in message


def test_required_column_missing(damaged, tmp_path):
    change(damaged / "events.csv", "start_on", "begins")

    message = run(damaged, tmp_path)

    assert "events.csv" in message
    assert "start_on" in message


def test_month_first_dates_with_days_over_twelve(damaged, tmp_path):
    path = damaged / "events.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\2/\3/\1", text), encoding="utf-8")
    file = "    file: events.csv"
    change(damaged / "source.yaml", file, f'{file}\n    date_format: "%d/%m/%Y"')

    message = run(damaged, tmp_path)

    assert "events.csv" in message
    assert "start_on" in message
    assert "date_format" in message


def test_duplicate_keys_are_set_aside_and_named(damaged):
    path = damaged / "events.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")

    result = CliRunner().invoke(cli, ["check", str(damaged)])

    assert "events.csv" in result.output
    assert "repetition of an earlier row" in result.output


def test_unknown_parameter_names_the_near_one(company, tmp_path):
    assert "did you mean event_id?" in run(company, tmp_path, "evnt_id=EV-01")


def test_parameter_out_of_range(company, tmp_path):
    message = run(company, tmp_path, "late_window_days=0")

    assert "late_window_days" in message
    assert "must be at least 1" in message


def test_event_that_does_not_exist(company, tmp_path):
    message = run(company, tmp_path, "event_id=EV-O9")

    assert '"EV-O9"; did you mean EV-09?' in message
    assert "12 keys" in message
    assert list(tmp_path.glob("EV-*")) == []


def test_unknown_playbook_and_missing_files_are_named(tmp_path):
    assert "did you mean event_retrospective?" in refused("run", "event_retrospectiv")
    assert "nothing.yaml" in refused("run", "event_retrospective", "-f", tmp_path / "nothing.yaml")
    assert "no-such" in refused("check", tmp_path / "no-such")
    assert "NAME=VALUE" in refused("run", "event_retrospective", "-p", "event_id")


def test_check_of_a_sound_source_is_green(company):
    result = CliRunner().invoke(cli, ["check", str(company)])

    assert result.exit_code == 0
    assert "event_retrospective  in full" in result.output


def test_data_dictionary_is_printed():
    result = CliRunner().invoke(cli, ["check", "sample", "--tables"])

    assert result.exit_code == 0
    assert "event_contacts" in result.output
