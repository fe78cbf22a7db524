"""What stands under the form: keep the parameters, publish the page."""

import os
from pathlib import Path
from urllib.parse import quote

import ipywidgets

from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.form import Form
from opsplaybook.widgets.keeping import REPLACE, save_params
from opsplaybook.widgets.lab import FOLDER_VARIABLE
from opsplaybook.widgets.notice import Notice
from opsplaybook.widgets.publishing import Published, publish
from opsplaybook.widgets.publishing_notes import cut_short

PARAMS, OUTPUTS = Path("params"), Path("outputs")
"""Where files go, from the folder that the notebook runs in."""


class Desk:
    """A form with what can be done with it.

    Parameters
    ----------
    playbook : str
        Stem of the playbook.
    params : PlaybookParams
        What the form shows first.

    Attributes
    ----------
    form : Form
    box : ipywidgets.Widget
        What is shown.
    """

    def __init__(self, playbook: str, params: PlaybookParams) -> None:
        self._playbook, self._publishing = playbook, False
        self._hint, self._kept, self._published = Notice(), Notice(), Notice()
        self._name = ipywidgets.Text(placeholder="name", layout=ipywidgets.Layout(width="200px"))
        self._replace = ipywidgets.Checkbox(
            description=REPLACE,
            indent=False,
            layout=ipywidgets.Layout(width="200px"),
        )
        self._save = ipywidgets.Button(description="Save as params", icon="save")
        self._publish = ipywidgets.Button(description="Publish", icon="share")
        self._bar = ipywidgets.IntProgress(layout=ipywidgets.Layout(visibility="hidden"))
        self._save.on_click(self._on_save)
        self._name.observe(lambda _: self._kept.say(""), names="value")
        self._publish.on_click(self._on_publish)
        self.form = Form(params, self._on_change)
        row = [self._save, self._name, self._replace, self._publish, self._bar]
        bar = ipywidgets.HBox(row, layout=ipywidgets.Layout(flex_flow="row wrap"))
        said = [self._hint, self._kept, self._published]
        self.box = ipywidgets.VBox([self.form.box, bar, *said])
        self._set_buttons()
        with self._published:
            self._published.complain(_cut_short_text(playbook))

    def _set_buttons(self) -> None:
        self._save.disabled = not self.form.valid
        self._publish.disabled = self._publishing or not self.form.valid

    def taken(self) -> None:
        """Hear that the cells below run on what stands here."""
        self._hint.say("")

    def _on_change(self) -> None:
        self._set_buttons()
        self._kept.say("")
        self._hint.say("Run the cells below to see the change." if self.form.valid else "")

    def _on_save(self, _: object) -> None:
        with self._kept:
            path = save_params(
                self.form.params,
                self._playbook,
                self._name.value.strip(),
                PARAMS,
                replace=self._replace.value,
            )
            self._replace.value = False
            self._kept.say(f"Saved. Run it with: opsplaybook run {self._playbook} -f {path}")

    def _on_publish(self, _: object) -> None:
        with self._published:
            self._publishing = True
            self._set_buttons()
            self._bar.value, self._bar.layout.visibility = 0, "visible"
            self._published.say("Running ...")
            publish(
                self.form.params,
                self._playbook,
                OUTPUTS,
                progress=self._on_progress,
                done=self._on_published,
            )

    def _on_progress(self, cell: int, cells: int) -> None:
        self._bar.max, self._bar.value = cells, cell

    def _on_published(self, published: Published) -> None:
        self._publishing = False
        self._set_buttons()
        self._bar.layout.visibility = "hidden"
        if published.page is None:
            self._published.complain(published.message)
            return
        self._published.link(served(published.page), "Open the report", published.message)


def served(page: Path) -> str:
    """Return the address at which JupyterLab serves a file below the folder that it was given."""
    base = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
    folder = Path(os.environ.get(FOLDER_VARIABLE, Path.cwd()))
    path = Path(os.path.relpath(page.resolve(), folder.resolve()))
    return f"{base}files/{quote(path.as_posix())}"


def _cut_short_text(playbook: str) -> str:
    """Say which pages were not finished, since their kernel was restarted meanwhile."""
    began = [f"{moment:%H:%M}" for moment in cut_short(playbook, OUTPUTS)]
    if not began:
        return ""
    return (
        f"The page that was being made at {', '.join(began)} was not finished: its kernel was "
        "restarted or shut down. Nothing of it was kept; publish it again."
    )
