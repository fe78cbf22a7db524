"""A real JupyterLab on a folder of playbooks, and a browser that works in it."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest


def load(name: str) -> ModuleType:
    """Load a module beside this file, which no import finds."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lab_in_browser = load("lab_in_browser")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """JupyterLab as `opsplaybook lab` starts it."""
    folder = tmp_path_factory.mktemp("my playbooks é")
    with lab_in_browser.running_lab(folder, tmp_path_factory.mktemp("settings")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with lab_in_browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def open_notebook(lab, browser) -> Iterator[object]:
    opened = []

    def open_(name: str, *, dark: bool = False) -> object:
        opened.append(lab_in_browser.Lab.opened(browser, lab, name, dark=dark))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.close()
