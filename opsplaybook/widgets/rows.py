"""A field with its name before it and its meaning beside it, or below in a narrow window."""

import re
from html import escape

from ipywidgets import HTML, HBox, Layout, Widget
from ipywidgets.widgets.widget_string import HTMLStyle

from opsplaybook.widgets.fields import FIELD_LEAST, Field
from opsplaybook.widgets.look import common
from opsplaybook.widgets.notice import alert

_NAME = re.compile(r"`([a-z0-9_]+)`")
_NAME_WIDTH, _MEANING_LEAST, _MEANING_MOST = "170px", "300px", "480px"
_MEANING = "line-height:18px;padding:5px 0;color:var(--jp-ui-font-color2)"
"""JupyterLab gives a line the height of a field, which is too much where a meaning has two."""


class Meaning(HTML):
    """What a field means, and below it what is wrong with its value.

    Parameters
    ----------
    text : str
        Meaning and unit.
    """

    def __init__(self, text: str) -> None:
        # Names of other parameters as their fields have them.
        words = _NAME.sub(lambda found: f"<i>{found[1].replace('_', ' ')}</i>", escape(text))
        self._text = f'<div style="{_MEANING}">{words}</div>'
        self.problem = ""
        super().__init__(
            self._text,
            layout=common(Layout, flex=f"1 1 {_MEANING_LEAST}", max_width=_MEANING_MOST),
            style=common(HTMLStyle),
        )

    def complain(self, problem: str) -> None:
        """Say what is wrong; nothing if the text is empty."""
        self.problem = problem
        self.value = self._text + alert(problem)


def row(field: Field, meaning: Meaning) -> Widget:
    """Lay a field out with its name and meaning."""
    label = HTML(
        f"<b>{escape(field.name.replace('_', ' '))}</b>",
        layout=common(Layout, width=_NAME_WIDTH, flex="none"),
        style=common(HTMLStyle),
    )
    # Where the window is narrow, the meaning goes below, and the field gives way or goes below too.
    most = field.widget.layout.width
    named = common(
        Layout,
        flex_flow="row wrap",
        flex=f"1 1 calc({_NAME_WIDTH} + {FIELD_LEAST})",
        max_width=f"calc({_NAME_WIDTH} + {most} + 8px)",
    )
    whole = common(Layout, flex_flow="row wrap", align_items="flex-start", margin="0 0 4px 0")
    return HBox([HBox([label, field.widget], layout=named), meaning], layout=whole)
