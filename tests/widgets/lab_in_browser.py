"""A real JupyterLab as `opsplaybook lab` starts it, and a person who works in it by browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest

from opsplaybook.batch.kernels.launcher import ADDRESS_VARIABLE
from opsplaybook.errors import RenderError
from opsplaybook.report import pdf

TOKEN = "opsplaybook-test"
WAIT_MILLISECONDS = int(os.environ.get("OPSPLAYBOOK_WAIT_MILLISECONDS", "180000"))

_SETTINGS = {
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": '{"windowingMode": "none"}',
    "@jupyterlab/apputils-extension/themes.jupyterlab-settings": '{"adaptive-theme": true}',
}
"""JupyterLab's own settings, by the file that holds them."""

POLL_MILLISECONDS = 100
"""To look at every frame, as is the default, would have the page painted again and again."""

_FORGET = "prompt => { prompt.textContent = ''; }"
"""Numbers of cells may be the same again after the kernel was restarted."""

_NUMBERED = "prompt => /\\d/.test(prompt.textContent)"


@contextmanager
def running_lab(
    folder: Path, settings: Path, environment: Mapping[str, str] | None = None
) -> Iterator[SimpleNamespace]:
    """Run JupyterLab on a folder.

    Yields
    ------
    SimpleNamespace
        ``url``, ``folder`` and ``process``.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = ["--no-browser", f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        more.append("--allow-root")
    write_settings(settings)
    own = {"JUPYTERLAB_SETTINGS_DIR": str(settings), **(environment or {})}
    with (settings / "lab.log").open("w") as log:
        command = [sys.executable, "-m", "opsplaybook", "lab", str(folder), *more]
        # A lab of its own server, whatever ran before in this process.
        others = {name: text for name, text in os.environ.items() if name != ADDRESS_VARIABLE}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=others | own)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(url, process, settings / "lab.log")
            yield SimpleNamespace(url=url, folder=folder, process=process)
        finally:
            process.terminate()
            process.wait(30)


def write_settings(settings: Path) -> None:
    """Keep all cells in the page, where JupyterLab takes those out that nobody sees.

    It is dark where the browser asks for that, which it does not do by itself either.
    """
    for name, text in _SETTINGS.items():
        file = settings / name
        file.parent.mkdir(parents=True)
        file.write_text(text)


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


@contextmanager
def chromium() -> Iterator[object]:
    """Start the machine's Chromium; skip where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        program = pdf.find_chromium()
    except RenderError:
        pytest.skip("no Chromium on this machine: set OPSPLAYBOOK_CHROMIUM to its program")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def labelled(page: object, name: str) -> object:
    """Return the label of a parameter; its name stands in the meaning of others as well."""
    return page.locator(f'b:text-is("{name}")')


class Lab:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: object, folder: Path) -> None:
        self.page, self.folder = page, folder

    @classmethod
    def opened(cls, browser: object, lab: SimpleNamespace, name: str, *, dark: bool = False):
        """Open a notebook in a browser of its own."""
        context = browser.new_context(
            viewport={"width": 1500, "height": 1200}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.goto(f"{lab.url}/lab/tree/{name}.ipynb?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
        page.get_by_text("Python (opsplaybook) | Idle").wait_for()
        return cls(page, lab.folder)

    def close(self) -> None:
        """Close the browser and end the kernels, which would outlive it."""
        url = self.page.url.partition("/lab/")[0]
        sessions = f"{url}/api/sessions"
        for session in self.page.request.get(sessions).json():
            token = {"Authorization": f"token {TOKEN}"}
            self.page.request.delete(f"{sessions}/{session['id']}", headers=token)
        self.page.context.close()

    def run_all(self) -> None:
        """Run all cells and wait for the last."""
        self.menu_and_wait("Run", "Run All Cells")

    def run_below(self, text: str) -> None:
        """Run the cell that holds a text, and all below."""
        self.select(text)
        self.menu_and_wait("Run", "Run Selected Cell and All Below")

    def run_through(self, text: str) -> None:
        """Run the cells up to the one that holds a text, and that one."""
        self.select(text)
        self.menu("Run", "Run All Above Selected Cell")
        self.run(text)

    def run(self, text: str) -> None:
        """Run the one cell that holds a text, and wait for it."""
        self.select(text)
        prompt = self.cell(text).locator(".jp-InputPrompt").first.element_handle()
        prompt.evaluate(_FORGET)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(_NUMBERED, arg=prompt, polling=POLL_MILLISECONDS)

    def cell(self, text: str) -> object:
        content = self.page.locator(".cm-content", has_text=text)
        return self.page.locator(".jp-CodeCell", has=content).first

    def select(self, text: str) -> None:
        self.cell(text).locator(".cm-content").first.click()
        self.page.keyboard.press("Escape")

    def menu_and_wait(self, menu: str, item: str) -> None:
        """Choose from a menu, and wait until the last cell has run anew."""
        prompt = self.page.locator(".jp-CodeCell .jp-InputPrompt").last.element_handle()
        prompt.evaluate(_FORGET)
        self.menu(menu, item)
        self.page.wait_for_function(_NUMBERED, arg=prompt, polling=POLL_MILLISECONDS)

    def menu(self, menu: str, item: str) -> None:
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.locator(".lm-Menu-itemLabel", has_text=item).first.click()

    def field(self, name: str) -> object:
        """Return the input of a parameter on the panel."""
        return self.row(name).locator("input, select, textarea").first

    def row(self, name: str) -> object:
        return self.page.locator(".widget-hbox", has=labelled(self.page, name)).first

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

    def what_if(self) -> "View":
        return View(self.page, self.cell("widgets.what_if"))


class View:
    """A what-if view on the page: its sliders, and what they lead to."""

    def __init__(self, page: object, cell: object) -> None:
        self.page, self.cell = page, cell
        self.screen = cell.locator(".widget-html-content").last

    def text(self) -> str:
        return self.screen.inner_text()

    def picture(self) -> str:
        """Return what the charts of the view are, as addresses that hold their bytes."""
        return "".join(self.screen.locator("img").evaluate_all("all => all.map(i => i.src)"))

    def value(self, slider: int = 0) -> float:
        return float(self.cell.locator(".widget-readout").nth(slider).inner_text())

    def watch(self) -> None:
        """Note the time of every move that the page hears, and of every redraw that it shows."""
        self.screen.evaluate(
            """screen => {
                const watched = window.moves !== undefined;
                window.moves = []; window.redraws = [];
                if (watched) return;
                const heard = () => window.moves.push(performance.now());
                document.addEventListener('pointermove', heard, true);
                document.addEventListener('change', heard, true);
                new MutationObserver(() => requestAnimationFrame(() =>
                    window.redraws.push(performance.now())
                )).observe(screen, {childList: true, subtree: true});
            }"""
        )

    def redraws(self) -> list[float]:
        return self.page.evaluate("window.redraws")

    def moves(self) -> list[float]:
        return self.page.evaluate("window.moves")

    def drag(self, *shares: float, slider: int = 0, pause_seconds: float = 0) -> None:
        """Drag a slider to shares of its length, one after the other, and let it go."""
        track = self.cell.locator(".noUi-base").nth(slider)
        handle = self.cell.locator(".noUi-handle").nth(slider)
        handle.scroll_into_view_if_needed()
        box, knob = track.bounding_box(), handle.bounding_box()
        middle = knob["y"] + knob["height"] / 2
        self.page.mouse.move(knob["x"] + knob["width"] / 2, middle)
        self.page.mouse.down()
        for share in shares:
            self.page.mouse.move(box["x"] + share * box["width"], middle)
            time.sleep(pause_seconds)
        self.page.mouse.up()

    def type(self, text: str, *, name: str) -> None:
        """Write into the text field of a parameter and leave it."""
        row = self.cell.locator(".widget-hbox", has=labelled(self.page, name))
        place = row.locator("input, textarea").first
        place.fill(text)
        place.press("Tab")

    def settle(self, quiet_milliseconds: int = 1500) -> None:
        """Wait until nothing has been redrawn for a while."""
        self.page.wait_for_function(
            "quiet => window.redraws.length"
            " && performance.now() - Math.max(...window.redraws, ...window.moves) > quiet",
            arg=quiet_milliseconds,
            polling=POLL_MILLISECONDS,
        )
