import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from nbformat import from_dict
from traitlets import TraitError
from traitlets.config import Config

from opsplaybook.errors import RenderError
from opsplaybook.report import render
from opsplaybook.report.exporter import OpsplaybookExporter


def test_the_exporter_writes_the_report(make):
    html, resources = OpsplaybookExporter().from_notebook_node(from_dict(make.review()))
    assert html == render(make.review(), audience="internal")
    assert resources["output_extension"] == ".html"


def test_the_audience_can_be_configured(make):
    config = Config({"OpsplaybookExporter": {"audience": "customer"}})
    html, _ = OpsplaybookExporter(config=config).from_notebook_node(from_dict(make.review()))
    assert html == render(make.review(), audience="customer")
    with pytest.raises(TraitError):
        OpsplaybookExporter(audience="everybody")


def test_a_customer_report_that_would_leak_is_not_written(make):
    book = make.review("customer")
    book["cells"].insert(4, make.prose("## Questions\n\nAsk ana@globex.example.", id="plant"))
    with pytest.raises(RenderError, match="e-mail address"):
        OpsplaybookExporter(audience="customer").from_notebook_node(from_dict(book))


def test_a_template_of_ones_own_extends_ours_and_escapes_as_well(make, tmp_path):
    (tmp_path / "mine.html.j2").write_text(
        '{% extends "report.html.j2" %}{% block tiles %}<p>{{ page.title }}!</p>{% endblock %}'
    )
    exporter = OpsplaybookExporter(
        template_file="mine.html.j2", extra_template_paths=[str(tmp_path)]
    )
    html, _ = exporter.from_notebook_node(from_dict(make.review(title="A <b>")))
    assert "<p>A &lt;b&gt;!</p>" in html
    assert 'class="tiles"' not in html
    assert "Findings</h2>" in html


def test_preprocessors_of_nbconvert_run_before(make):
    config = Config({"TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": ["draft"]}})
    book = make.notebook(make.prose("# T"), make.prose("## Draft\n\nx", "draft"))
    html, _ = OpsplaybookExporter(config=config).from_notebook_node(from_dict(book))
    assert "Draft" not in html


def test_the_command_of_nbconvert_finds_it(make, tmp_path):
    if "opsplaybook" not in entry_points(group="nbconvert.exporters").names:
        pytest.skip("the package was installed before it had this entry point: install it again")
    path = tmp_path / "review.ipynb"
    path.write_text(json.dumps(make.review()), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "opsplaybook", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    written = path.with_suffix(".html").read_text(encoding="utf-8")
    assert written == render(make.review(), audience="internal")
