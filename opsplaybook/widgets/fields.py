"""One field of a form: the widget that fits a parameter, made from the model's own description."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import floor, log10
from textwrap import wrap
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import ipywidgets
from pydantic.fields import FieldInfo

from opsplaybook.params import AddsUpTo, PlaybookParams, Separator
from opsplaybook.widgets.choices import NONE_KNOWN, Choices, has_choices
from opsplaybook.widgets.growing_slider import WIDE_STEPS, GrowingSlider
from opsplaybook.widgets.look import common
from opsplaybook.widgets.search_box import SearchBox
from opsplaybook.widgets.weights import WeightSliders

SLIDER_STEPS = 100

FIELD_LEAST = "240px"
"""How narrow a field gets before it goes below its name."""

_WIDTH = "320px"
_SEPARATOR, _MOST_LINES = ";", 8
_LINE_LETTERS = 38
"""Letters that one line of a text area holds at its width."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter as a form shows it.

    Attributes
    ----------
    name : str
    description : str
        Meaning and unit.
    widget : ipywidgets.Widget
        Its trait ``value`` is what a person sees.
    read : callable
        Returns what the widget says, as the model takes it.
    write : callable
        Shows a value of the model.
    """

    name: str
    description: str
    widget: ipywidgets.Widget
    read: Callable[[], Any]
    write: Callable[[Any], None]


def fields_of(
    params: PlaybookParams,
    names: Iterable[str],
    *,
    moved: Callable[..., None],
    choices: Callable[[str], Choices] = lambda _: NONE_KNOWN,
) -> dict[str, Field]:
    """Make the fields of some parameters.

    Parameters
    ----------
    params : PlaybookParams
        What they show first.
    names : iterable of str
    moved : callable
        Called after every change of a value.
    choices : callable, optional
        Returns the keys that a parameter of that name can have now.

    Returns
    -------
    dict of str to Field
    """
    fields = {}
    for name in names:
        info = type(params).model_fields[name]
        linked = next((item for item in info.metadata if isinstance(item, AddsUpTo)), None)
        if linked is not None:
            fields[name] = _linked(name, info, params, linked, moved)
            _follow_items(fields.get(linked.items), fields[name].widget, moved)
            continue
        keys = partial(choices, name) if has_choices(name) else None
        fields[name] = make_field(name, info, getattr(params, name), keys)
        fields[name].widget.observe(moved, names="value")
    return fields


def make_field(
    name: str, info: FieldInfo, value: Any, choices: Callable[[], Choices] | None = None
) -> Field:
    """Make the field of one parameter.

    Parameters
    ----------
    name : str
    info : FieldInfo
        Its type, range and meaning.
    value : object
        What it shows first.
    choices : callable, optional
        Returns the keys that it can have, which are others after the source has changed.
    """
    kinds = set(get_args(info.annotation)) if _is_union(info.annotation) else {info.annotation}
    optional = NoneType in kinds
    (kind,) = kinds - {NoneType}
    if choices is not None:
        return _searched(name, info, value, choices, optional=optional)
    if get_origin(kind) is Literal:
        return _plain(
            name, info, ipywidgets.Dropdown(options=get_args(kind), value=value, **_look())
        )
    if kind is bool:
        return _plain(name, info, ipywidgets.Checkbox(value=value, indent=False, **_look()))
    if kind is date:
        return _plain(name, info, ipywidgets.DatePicker(value=value, **_look()))
    if kind in (int, float) and not optional:
        return _plain(name, info, _number(kind, info, value))
    if get_origin(kind) is tuple:
        return _listed(name, info, value, kind)
    return _text(name, info, value, optional=optional)


def _look() -> dict[str, ipywidgets.Widget]:
    width = {"width": _WIDTH, "flex": f"1 1 {FIELD_LEAST}", "min_width": "0", "max_width": _WIDTH}
    return {"layout": common(ipywidgets.Layout, **width)}


def _is_union(annotation: Any) -> bool:
    return NoneType in get_args(annotation)


def _linked(
    name: str,
    info: FieldInfo,
    params: PlaybookParams,
    linked: AddsUpTo,
    moved: Callable[[], None],
) -> Field:
    """Make sliders of numbers that add up, named after the items of another parameter."""
    items = getattr(params, linked.items)
    sliders = WeightSliders(items, getattr(params, name), total=linked.total, moved=moved)
    return Field(name, info.description or "", sliders, lambda: sliders.values, sliders.show)


def _follow_items(items: Field | None, sliders: WeightSliders, moved: Callable[[], None]) -> None:
    """Give the sliders other names when the items change that they are named after."""
    if items is None:
        return

    def rename(_: object) -> None:
        sliders.rename(items.read())
        moved()

    items.widget.observe(rename, names="value")


def _number(kind: type, info: FieldInfo, value: float) -> ipywidgets.Widget:
    """Make a slider where both ends are known, else a box."""
    low, high = _bound(info, "ge"), _bound(info, "le")
    if low is None or high is None:
        return (ipywidgets.IntText if kind is int else ipywidgets.FloatText)(value=value, **_look())
    if kind is int and high - low > WIDE_STEPS:
        return GrowingSlider(value, low, high, **_look())
    if kind is int:
        return ipywidgets.IntSlider(
            value=value, min=low, max=high, continuous_update=False, **_look()
        )
    digits = -floor(log10((high - low) / SLIDER_STEPS))
    return ipywidgets.FloatSlider(
        value=value,
        min=low,
        max=high,
        step=10.0**-digits,
        readout_format=f".{max(digits, 0)}f",
        continuous_update=False,
        **_look(),
    )


def _bound(info: FieldInfo, name: str) -> float | None:
    found = [getattr(item, name) for item in info.metadata if hasattr(item, name)]
    return found[0] if found else None


def _plain(name: str, info: FieldInfo, widget: ipywidgets.Widget) -> Field:
    def write(value: Any) -> None:
        if isinstance(widget, GrowingSlider):
            widget.show(value)
        else:
            widget.value = value

    return Field(name, info.description or "", widget, lambda: widget.value, write)


def _searched(
    name: str, info: FieldInfo, value: Any, choices: Callable[[], Choices], *, optional: bool
) -> Field:
    """Make a box to search in. What the source does not have stays, for the form to judge."""
    widget = SearchBox(choices, choices().text_of(value or ""))

    def read() -> Any:
        key = choices().key_of(widget.value.strip())
        return None if optional and not key else key

    def write(key: Any) -> None:
        widget.value = choices().text_of(key or "")

    return Field(name, info.description or "", widget, read, write)


def _listed(name: str, info: FieldInfo, value: Any, kind: Any) -> Field:
    """Several texts or numbers with commas, as the command line takes them; long texts below."""
    if any(isinstance(item, Separator) for item in info.metadata):
        return _lines(name, info, value)
    numbers = float in get_args(kind)

    def written(items: Any) -> str:
        return ", ".join(f"{item:g}" if numbers else str(item) for item in items)

    def write(items: Any) -> None:
        widget.value = written(items)

    def read() -> Any:
        parts = widget.value.replace("\n", ",").split(",")
        return tuple(part.strip() for part in parts if part.strip())

    lines = _line_count(written(value))
    area = {"continuous_update": False, **_look()}
    widget = ipywidgets.Textarea(rows=lines, **area) if lines > 1 else ipywidgets.Text(**area)
    write(value)
    return Field(name, info.description or "", widget, read, write)


def _line_count(text: str) -> int:
    return max(1, len(wrap(text, _LINE_LETTERS)))


def _lines(name: str, info: FieldInfo, value: Any) -> Field:
    """Several texts that may hold commas, one below the other."""
    rows = min(max(sum(map(_line_count, value)), 2), _MOST_LINES)
    widget = ipywidgets.Textarea(
        rows=rows, placeholder="one per line", continuous_update=False, **_look()
    )

    def write(items: Any) -> None:
        widget.value = "\n".join(items)

    def read() -> Any:
        lines = widget.value.replace(_SEPARATOR, "\n").splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    write(value)
    return Field(name, info.description or "", widget, read, write)


def _text(name: str, info: FieldInfo, value: Any, *, optional: bool) -> Field:
    widget = ipywidgets.Text(continuous_update=False, **_look())

    def write(item: Any) -> None:
        widget.value = "" if item is None else str(item)

    def read() -> Any:
        text = widget.value.strip()
        if optional and not text:
            return None
        return text

    write(value)
    return Field(name, info.description or "", widget, read, write)
