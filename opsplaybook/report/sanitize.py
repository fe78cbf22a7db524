"""The second wall: markup that is not ours keeps a short list of tags and attributes.

The first wall is the Content-Security-Policy of the page. Each must hold with the other one down.
"""

import re
from functools import lru_cache

import nh3
from markupsafe import Markup

_CELL = {"colspan", "rowspan", "scope"}
TAGS = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em h1 h2 h3 h4 "  # noqa: SIM905
    "h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table "
    "tbody td tfoot th thead tr u ul var".split()
)
DROPPED_WITH_CONTENT = frozenset(
    "script style template noscript iframe object embed applet frame frameset noframes "  # noqa: SIM905
    "svg math textarea select button form input title head".split()
)
ATTRIBUTES = {
    "a": {"href"},
    "abbr": {"title"},
    "col": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": _CELL,
    "th": _CELL,
}
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
_NUMBER = re.compile(r"\d{1,4}\Z")
_NUMERIC = frozenset({"colspan", "rowspan", "width", "height", "span", "start"})


def clean(html: str) -> str:
    """Keep what a report may contain of foreign markup; the result is well-formed.

    Links reach ``https``, ``http``, ``mailto`` and places in the page; pictures are data. Styles,
    classes, ids and everything that could run are dropped.

    Examples
    --------
    >>> clean('<p onclick="alert(1)">Top account: <script>alert(1)</script><b>Acme</b></p>')
    '<p>Top account: <b>Acme</b></p>'

    The name stays, what could run is gone.
    """
    return _cleaner().clean(html)


def as_markup(html: str) -> Markup:
    """Mark a text as markup that is written as it is: the only place where that happens.

    Callers hand over what `clean` returned, or what they escaped themselves.
    """
    return Markup(html)  # noqa: S704


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Keep an attribute only in the form that a report needs."""
    if name in _NUMERIC:
        return value if _NUMBER.match(value) else None
    if name == "href":
        return value if _LINK.match(value) else None
    if name == "src":
        return value if _PICTURE.match(value) else None
    return value
