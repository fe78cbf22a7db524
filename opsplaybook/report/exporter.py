"""The nbconvert exporter: ``jupyter nbconvert --to opsplaybook notebook.ipynb``.

Only this module knows nbconvert, whose import costs more than a report. `TemplateExporter` and not
`HTMLExporter` is its base: the latter reads the whole page a second time.
"""

from pathlib import Path
from typing import Any

import jinja2
from nbconvert.exporters.exporter import Exporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from traitlets import Enum, default

from opsplaybook.report import page

TEMPLATES = Path(__file__).parent / "templates"


class OpsplaybookExporter(TemplateExporter):
    """Write an executed notebook as one HTML report without scripts.

    A template of one's own extends ``report.html.j2`` and overrides its blocks ``tiles``,
    ``findings``, ``steps``, ``actions`` and ``appendix``.
    """

    export_from_notebook = "Report (opsplaybook)"
    output_mimetype = "text/html"

    audience = Enum(
        ("internal", "customer"),
        default_value="internal",
        help="Who reads: a customer sees only what says that it is for customers.",
    ).tag(config=True)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_file")
    def _template_file_default(self) -> str:
        return "report.html.j2"

    @default("template_paths")
    def _template_paths(self) -> list[str]:
        return [*self.extra_template_paths, str(TEMPLATES)]

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook; preprocessors that were configured run before.

        Parameters
        ----------
        nb : NotebookNode
            Executed notebook.
        resources : dict, optional
            Of nbconvert.
        **kw
            Of nbconvert; ignored there as well.

        Raises
        ------
        RenderError
            If a customer report would leak.
        """
        prepared, resources = Exporter.from_notebook_node(self, nb, resources, **kw)
        html = page.render(prepared, audience=self.audience, template=self.template)
        return html, resources

    def _create_environment(self) -> jinja2.Environment:
        loaders = [*self.extra_loaders, jinja2.FileSystemLoader(self.template_paths)]
        return page.environment().overlay(loader=jinja2.ChoiceLoader(loaders))
