"""A real JupyterLab on a folder of playbooks, and a browser that works in it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest

from opsplaybook.errors import RenderError
from opsplaybook.report import pdf

TOKEN = "opsplaybook-test"
WAIT_MILLISECONDS = int(os.environ.get("OPSPLAYBOOK_WAIT_MILLISECONDS", "180000"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """JupyterLab as `opsplaybook lab` starts it; ``url`` and ``folder``."""
    folder = tmp_path_factory.mktemp("my playbooks é")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = ["--no-browser", f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        more.append("--allow-root")
    log = (folder / "lab.log").open("w")
    command = [sys.executable, "-m", "opsplaybook", "lab", str(folder), *more]
    environment = os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(settings(tmp_path_factory))}
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process, folder / "lab.log")
        yield SimpleNamespace(url=url, folder=folder)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def settings(tmp_path_factory) -> Path:
    """Keep all cells in the page: JupyterLab takes those out that nobody sees."""
    folder = tmp_path_factory.mktemp("settings")
    file = folder / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text('{"windowingMode": "none"}')
    return folder


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=2)  # noqa: S310
        except (URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"JupyterLab did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        program = pdf.find_chromium()
    except RenderError:
        pytest.skip("no Chromium on this machine: set OPSPLAYBOOK_CHROMIUM to its program")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


class Lab:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: object, folder: Path) -> None:
        self.page, self.folder = page, folder

    def run_all(self) -> None:
        """Run all cells and wait for the last."""
        self.menu_and_wait("Run", "Run All Cells")

    def run_below(self, text: str) -> None:
        """Run the cell that holds a text, and all below."""
        self.page.locator(".jp-CodeCell .cm-content", has_text=text).first.click()
        self.page.keyboard.press("Escape")
        self.menu_and_wait("Run", "Run Selected Cell and All Below")

    def menu_and_wait(self, menu: str, item: str) -> None:
        """Choose from a menu, and wait until the last cell has run anew."""
        prompt = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).textContent"
        before = self.page.evaluate(prompt)
        self.menu(menu, item)
        done = f"{prompt} !== {json.dumps(before)} && /\\d/.test({prompt})"
        self.page.wait_for_function(done, timeout=WAIT_MILLISECONDS)

    def menu(self, menu: str, item: str) -> None:
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.locator(".lm-Menu-itemLabel", has_text=item).first.click()

    def field(self, name: str) -> object:
        """Return the input of a parameter on the panel."""
        row = self.page.locator(".widget-hbox", has=self.page.get_by_text(name, exact=True)).first
        return row.locator("input, select").first

    def put(self, name: str, value: str) -> None:
        field = self.field(name)
        field.scroll_into_view_if_needed()
        field.fill(value)
        field.press("Enter")
        field.press("Tab")
        self.page.wait_for_timeout(700)

    def verdict(self) -> str:
        """Return what the last cell shows first."""
        last = self.page.locator(".jp-CodeCell").last
        last.scroll_into_view_if_needed()
        return last.locator(".jp-OutputArea-output p").first.inner_text()


@pytest.fixture
def open_notebook(lab, browser) -> Iterator[object]:
    pages = []

    def open_(name: str, *, dark: bool = False) -> Lab:
        context = browser.new_context(
            viewport={"width": 1500, "height": 1200}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        pages.append(context)
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.goto(f"{lab.url}/lab/tree/{name}.ipynb?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
        page.get_by_text("Python (opsplaybook) | Idle").wait_for()
        return Lab(page, lab.folder)

    yield open_
    for context in pages:
        context.close()
