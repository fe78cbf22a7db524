"""What stands under the form: keep the parameters, publish the page."""

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

import ipywidgets

from opsplaybook import formats
from opsplaybook.errors import OpsPlaybookError
from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.form import Form
from opsplaybook.widgets.keeping import save_params
from opsplaybook.widgets.publishing import Published, publish

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
        self._playbook = playbook
        self._name = ipywidgets.Text(placeholder="name", layout=ipywidgets.Layout(width="200px"))
        self._replace = ipywidgets.Checkbox(description="replace", indent=False)
        self._save = ipywidgets.Button(description="Save as params", icon="save")
        self._publish = ipywidgets.Button(description="Publish", icon="share")
        self._bar = ipywidgets.IntProgress(layout=ipywidgets.Layout(visibility="hidden"))
        self._said = ipywidgets.HTML()
        self._save.on_click(self._on_save)
        self._publish.on_click(self._on_publish)
        self.form = Form(params, self._on_change)
        row = [self._save, self._name, self._replace, self._publish, self._bar]
        self.box = ipywidgets.VBox([self.form.box, ipywidgets.HBox(row), self._said])

    def _on_change(self) -> None:
        self._save.disabled = self._publish.disabled = not self.form.valid
        self._say("Run the cells below to see the change." if self.form.valid else "")

    def _on_save(self, _: object) -> None:
        try:
            path = save_params(
                self.form.params,
                self._playbook,
                self._name.value.strip(),
                PARAMS,
                replace=self._replace.value,
            )
        except OpsPlaybookError as error:
            self._complain(formats.text(error))
            return
        self._say(f"Saved. Run it with: opsplaybook run {self._playbook} -f {path}")

    def _on_publish(self, _: object) -> None:
        self._publish.disabled = True
        self._bar.value, self._bar.layout.visibility = 0, "visible"
        self._say("Running ...")
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
        self._publish.disabled = not self.form.valid
        self._bar.layout.visibility = "hidden"
        if published.page is None:
            self._complain(published.message)
            return
        link = escape(served(published.page), quote=True)
        self._said.value = (
            f'<a href="{link}" target="_blank" rel="noopener">Open the report</a> '
            f"({escape(published.message)})"
        )

    def _say(self, text: str) -> None:
        self._said.value = f'<span role="status">{escape(text)}</span>'

    def _complain(self, text: str) -> None:
        self._said.value = (
            f'<pre role="alert" style="color:var(--jp-error-color1, #b3261e)">{escape(text)}</pre>'
        )


def served(page: Path) -> str:
    """Return the address at which JupyterLab serves a file below its root folder."""
    base = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
    return f"{base}files/{quote(page.as_posix())}"
