"""Prose: Markdown to clean HTML, with formulas as MathML and money left alone."""

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import mistune
from markupsafe import Markup

from opsplaybook.report import foreign_tables, sanitize, tree
from opsplaybook.report.maths import mathml

if TYPE_CHECKING:
    from collections.abc import Mapping

# Pandoc's rule: no space inside the dollars, no digit behind the second. So money stays money.
_INLINE_MATHS = r"\$(?P<inline_tex>(?![\s$])(?:\\.|[^$\\\n])*?(?<![\s\\]))\$(?![\d$])"
_BLOCK_MATHS = r"^ {0,3}\$\$[ \t]*\n?(?P<block_tex>[^$]+?)\$\$[ \t]*(?:\n|$)"
# Formulas stand aside as private-use characters while the rest is cleaned.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACEHOLDER = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_LOWEST_HEADING = 6
_HARMFUL = "#harmful-link"
"""What the Markdown parser writes in place of a scheme that could run."""


def to_html(source: str, *, caption: str, pictures: "Mapping[str, str] | None" = None) -> Markup:
    r"""Turn Markdown into clean HTML that stands below a heading of level 2.

    Parameters
    ----------
    source : str
        Markdown with tables and formulas between dollars.
    caption : str
        Caption of tables, which have none in Markdown.
    pictures : mapping of str to str, optional
        Names of attached pictures and their data addresses.

    Examples
    --------
    >>> print(to_html("ARR fell from $1.2M to $0.9M", caption="").strip())
    <p>ARR fell from $1.2M to $0.9M</p>
    >>> "<math" in to_html(r"where $\beta$ is the effect", caption="")
    True

    Money is text, the Greek letter is a formula.
    """
    source = source.replace(_OPEN, "").replace(_CLOSE, "")
    renderer = _Renderer(pictures or {})
    html = sanitize.clean(_with_maths(_parser(renderer))(source))
    if "<table" in html or "<a " in html or "<img" in html:
        root = tree.parse(html)
        foreign_tables.tidy(root, caption)
        foreign_tables.name_pictures(root, caption)
        _point_links_at_sections(root)
        html = root.html()
    return sanitize.as_markup(
        _PLACEHOLDER.sub(lambda match: renderer.formulas[int(match[1])], html)
    )


def plain(source: str) -> str:
    """Write one line of Markdown as text, for headings; formulas stay as they were written."""
    return tree.parse(sanitize.clean(_parser(_Renderer({}))(source))).text


def slug(text: str) -> str:
    """Make an anchor of a title.

    Examples
    --------
    >>> slug("Who came, and why?")
    'who-came-and-why'
    """
    return "-".join(re.findall(r"[^\W_]+", text.lower())) or "part"


class _Renderer(mistune.HTMLRenderer):
    """HTML whose headings skip no level and whose formulas wait aside."""

    def __init__(self, pictures: "Mapping[str, str]") -> None:
        super().__init__(escape=False)
        self.formulas: list[str] = []
        self._pictures = pictures
        self._level = 2

    def heading(self, text: str, level: int, **_: Any) -> str:
        self._level = min(max(level, 3), self._level + 1, _LOWEST_HEADING)
        return f"<h{self._level}>{text}</h{self._level}>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        data = self._pictures.get(url.removeprefix("attachment:"), "")
        return f'<img src="{escape(data)}" alt="{escape(text)}">' if data else escape(text)

    def inline_maths(self, text: str) -> str:
        return self._aside(mathml(text))

    def block_maths(self, text: str) -> str:
        return f"<p>{self._aside(mathml(text.strip(), block=True))}</p>\n"

    def _aside(self, formula: str) -> str:
        self.formulas.append(formula)
        return f"{_OPEN}{len(self.formulas) - 1}{_CLOSE}"


def _parser(renderer: _Renderer) -> mistune.Markdown:
    markdown = mistune.Markdown(renderer=renderer)
    for plugin in _plugins():
        plugin(markdown)
    return markdown


def _with_maths(markdown: mistune.Markdown) -> mistune.Markdown:
    markdown.block.register("block_maths", _BLOCK_MATHS, _read_block, before="list")
    markdown.inline.register("inline_maths", _INLINE_MATHS, _read_inline, before="link")
    return markdown


@lru_cache(maxsize=1)
def _plugins() -> tuple[Any, ...]:
    names = ("table", "strikethrough", "def_list")
    return tuple(mistune.plugins.import_plugin(name) for name in names)


def _read_block(_block: Any, match: re.Match[str], state: Any) -> int:
    state.append_token({"type": "block_maths", "raw": match["block_tex"]})
    return match.end()


def _read_inline(_inline: Any, match: re.Match[str], state: Any) -> int:
    state.append_token({"type": "inline_maths", "raw": match["inline_tex"]})
    return match.end()


def _point_links_at_sections(root: tree.Node) -> None:
    """Write links to headings the way this page names them; Jupyter keeps capitals."""
    for node in root.walk():
        target = node.attributes.get("href", "")
        if target == _HARMFUL:
            del node.attributes["href"]
        elif target.startswith("#"):
            node.attributes["href"] = f"#section-{slug(target)}"
