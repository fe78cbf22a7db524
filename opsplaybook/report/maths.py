"""TeX to MathML when the page is made, so that no script has to read it later."""

import re
from functools import lru_cache
from html import escape
from xml.etree import ElementTree

from markupsafe import Markup

from opsplaybook.report.sanitize import as_markup

MATHML = "http://www.w3.org/1998/Math/MathML"
TAGS = frozenset(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "  # noqa: SIM905
    "munderover mmultiscripts mprescripts mtable mtr mtd mlabeledtr mpadded mphantom mstyle "
    "menclose merror".split()
)
ATTRIBUTES = frozenset(
    "display displaystyle scriptlevel mathvariant stretchy fence separator lspace rspace width "  # noqa: SIM905
    "height depth linethickness columnalign rowspacing columnspacing columnlines rowlines accent "
    "accentunder notation minsize maxsize form largeop movablelimits symmetric".split()
)
_PLAIN_VALUE = re.compile(r"[\w\s.%+-]*\Z")


@lru_cache(maxsize=512)
def mathml(tex: str, *, block: bool = False) -> Markup:
    r"""Turn TeX into MathML; what cannot be turned stays readable as code.

    The converter copies text and attributes as they are, so its result is parsed again and kept
    only if every tag and attribute belongs to MathML.

    Parameters
    ----------
    tex : str
        Without dollar signs.
    block : bool, optional
        On a line of its own.

    Examples
    --------
    >>> print(mathml("x^2"))
    <math display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>
    >>> print(mathml(r"\text{<script>alert(1)</script>}"))
    <code>\text{&lt;script&gt;alert(1)&lt;/script&gt;}</code>

    The second is no formula, and is shown as it was written.
    """
    from latex2mathml.converter import convert

    try:
        source = convert(tex, display="block" if block else "inline")
        root = ElementTree.fromstring(source)  # noqa: S314 - made a line above, without a DTD
    except _not_tex():
        return _as_code(tex)
    if not _reduce(root):
        return _as_code(tex)
    return as_markup(ElementTree.tostring(root, encoding="unicode"))


@lru_cache(maxsize=1)
def _not_tex() -> tuple[type[Exception], ...]:
    """Return all that the converter raises for no TeX: its errors have no base of their own."""
    from latex2mathml import exceptions

    own = [item for item in vars(exceptions).values() if isinstance(item, type)]
    return (*own, ElementTree.ParseError, LookupError, RecursionError, StopIteration, ValueError)


def _reduce(root: ElementTree.Element) -> bool:
    """Strip namespaces and foreign attributes; tell whether every tag is MathML."""
    for element in root.iter():
        name = element.tag.removeprefix(f"{{{MATHML}}}")
        if name not in TAGS:
            return False
        element.tag = name
        for attribute, value in list(element.attrib.items()):
            if attribute not in ATTRIBUTES or not _PLAIN_VALUE.match(value):
                del element.attrib[attribute]
    return True


def _as_code(tex: str) -> Markup:
    return as_markup(f"<code>{escape(tex, quote=False)}</code>")
