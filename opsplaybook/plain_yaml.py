"""YAML as people write it: 0042 and no are texts, and a key stands once."""

import re
from typing import Any

import yaml

from opsplaybook.errors import quote

_STRING, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_PLAIN = {
    "tag:yaml.org,2002:bool": re.compile("true|True|TRUE|false|False|FALSE"),
    "tag:yaml.org,2002:int": re.compile("0|-?[1-9][0-9]*"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?((0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)"
        r"|\.(nan|NaN|NAN)"
    ),
}
"""What numbers and flags look like. YAML 1.1 also takes octal numbers, underscores, base 60 (12:30
for 750), and on, off, yes and no: as ids or names they would be changed."""


class _Loader(yaml.SafeLoader):
    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """Give the tag of a value: text where it does not look like what it would be taken for."""
        tag = super().resolve(kind, value, implicit)
        if kind is yaml.ScalarNode and tag in _PLAIN and not _PLAIN[tag].fullmatch(value):
            return _STRING
        return tag

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as the library has it
        """Hold that no key stands twice, of which the last would count."""
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        found: set[str] = set()
        for key in (key for key in keys if key.tag != _MERGE):
            if key.value in found:
                problem = f"the key {quote(key.value)} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            found.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load_yaml(text: str) -> Any:
    """Read YAML.

    Parameters
    ----------
    text : str

    Returns
    -------
    object
        Mappings, lists, texts, numbers, flags, dates, or None.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or a mapping has a key twice; with the line.

    Examples
    --------
    >>> load_yaml("[0042, 1_000, 12:30, no, 7, .95, true]")
    ['0042', '1_000', '12:30', 'no', 7, 0.95, True]
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe one
