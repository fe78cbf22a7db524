"""The look of forms and views, where JupyterLab's own does not fit them."""

from functools import cache
from typing import Any

import ipywidgets

VIEW = "opsplaybook-view jp-RenderedHTMLCommon jp-RenderedHTML"
"""Classes of a view: a table in it has the look that JupyterLab gives it below a cell."""

_ARROW = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E"
    "%3Cpath fill='%23e0e0e0' d='M5.2 5.9 9 9.7l3.8-3.8 1.2 1.2L9 12.1 4 7.1z'/%3E%3C/svg%3E"
)

_RULES = f"""
/* Wide tables scroll by themselves, and take no fields along. */
.opsplaybook-view {{ overflow-x: auto; }}
.widget-html-content:has(> .opsplaybook-view) {{ min-width: 0; }}
.opsplaybook-view table {{ margin-left: 0; min-width: min(100%, 36em); }}
/* A caption is as wide as its table: over a small one, dates would break at their hyphens. */
.opsplaybook-view caption {{ text-align: left; }}
/* The arrow of a list is black, also on black. */
[data-jp-theme-light="false"] .widget-dropdown > select {{
  --jp-widgets-dropdown-arrow: url("{_ARROW}");
}}
"""


@cache
def common(kind: type[ipywidgets.Widget], **settings: Any) -> ipywidgets.Widget:
    """Return a layout or style that many widgets share, and that nobody changes.

    One of its own for each widget would be another message to the browser, and another model there:
    half of the seconds until a long form stands.
    """
    return kind(**settings)


def look() -> ipywidgets.HTML:
    """Return what gives a form or a view its look; it takes no room."""
    return ipywidgets.HTML(
        f"<style>{_RULES}</style>", layout=ipywidgets.Layout(height="0", margin="0")
    )
