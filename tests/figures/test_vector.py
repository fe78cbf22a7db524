import io
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from opsplaybook.figures.vector import lean

TEXTS = [
    'said " transform="rotate(-0 1.23456 2)" loudly',
    "font-family: Comic Sans; 1.23456789",
    '<g id="line2d_1"> d="M 1.23456 2"',
    "a: b; c &amp; d > e",
]


def raw(*, texts=()):
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot(np.linspace(0, 1, 7) ** 2, "o--")
    axes.fill_between(range(7), 0, 0.123456, hatch="//")
    for place, text in enumerate(texts):
        axes.text(place, 0.5, text, parse_math=False)
    page = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "x"}):
        FigureCanvasSVG(figure).print_svg(page, metadata={"Date": None})
    return page.getvalue()


def nodes(svg, tag):
    return [node for node in ET.fromstring(svg).iter() if node.tag.endswith(f"}}{tag}")]  # noqa: S314


def test_no_text_is_changed():
    found = {node.text for node in nodes(lean(raw(texts=TEXTS)), "text")}
    assert set(TEXTS) <= found


@pytest.mark.parametrize("tag", ["path", "use", "text", "clipPath", "pattern"])
def test_every_shape_is_still_there(tag):
    before = raw(texts=TEXTS)
    assert len(nodes(lean(before), tag)) == len(nodes(before, tag)) > 0


def test_coordinates_are_kept_to_two_decimals():
    def coordinates(svg):
        return [float(node.get("x")) for node in nodes(svg, "use")]

    before = raw()
    assert coordinates(lean(before)) == pytest.approx(coordinates(before), abs=0.005)


def test_it_is_smaller_and_has_one_font_and_no_style_sheet():
    before = raw(texts=["one", "two"])
    after = lean(before)
    assert len(after) < 0.75 * len(before)
    assert after.count("font-family") == 1
    assert "<style" not in after
    assert 'stroke-linejoin="round"' in after
