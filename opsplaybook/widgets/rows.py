"""A field with its name before it and its meaning beside it, or below in a narrow window."""

import re
from html import escape

import ipywidgets

from opsplaybook.widgets.fields import Field
from opsplaybook.widgets.weights import WeightSliders

_NAME = re.compile(r"`([a-z0-9_]+)`")
_NAME_WIDTH, _MEANING_LEAST, _MEANING_MOST = "170px", "300px", "480px"
_FIELD_LEAST, _SLIDERS_LEAST = "240px", "400px"
_MEANING = "line-height:18px;padding:5px 0;color:var(--jp-ui-font-color2)"
"""JupyterLab gives a line the height of a field, which is too much where a meaning has two."""


def row(field: Field, beside: ipywidgets.Widget | None = None) -> ipywidgets.Widget:
    """Lay a field out with its name and meaning, and something below the meaning."""
    label = ipywidgets.HTML(
        f"<b>{escape(field.name.replace('_', ' '))}</b>",
        layout=ipywidgets.Layout(width=_NAME_WIDTH, flex="none"),
    )
    text = ipywidgets.VBox(
        [ipywidgets.HTML(_meaning(field.description)), *([beside] if beside else [])],
        layout=ipywidgets.Layout(flex=f"1 1 {_MEANING_LEAST}", max_width=_MEANING_MOST),
    )
    # Where the window is narrow, the meaning goes below, and the field gives way or goes below too.
    most = field.widget.layout.width
    least = _SLIDERS_LEAST if isinstance(field.widget, WeightSliders) else _FIELD_LEAST
    field.widget.layout.flex, field.widget.layout.max_width = f"1 1 {least}", most
    named = ipywidgets.HBox(
        [label, field.widget],
        layout=ipywidgets.Layout(
            flex_flow="row wrap",
            flex=f"1 1 calc({_NAME_WIDTH} + {_FIELD_LEAST})",
            max_width=f"calc({_NAME_WIDTH} + {most} + 8px)",
        ),
    )
    return ipywidgets.HBox(
        [named, text],
        layout=ipywidgets.Layout(
            flex_flow="row wrap", align_items="flex-start", margin="0 0 4px 0"
        ),
    )


def _meaning(text: str) -> str:
    """Write the meaning of a parameter; names of others as their fields have them."""
    words = _NAME.sub(lambda found: f"<i>{found[1].replace('_', ' ')}</i>", escape(text))
    return f'<div style="{_MEANING}">{words}</div>'
