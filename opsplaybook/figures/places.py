"""Where things lie along a horizontal axis, and which of their names are written."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.figures import lettering, theme

_LABELS_TRIED = 12
_LABEL_WIDTH = 90.0


@dataclass(frozen=True, slots=True)
class Along:
    """The horizontal axis: where each row lies, and the name of each place.

    Attributes
    ----------
    places : ndarray of float, shape (n_rows,)
        NaN where the row has no place.
    stops : ndarray of float, shape (n_stops,)
        All places, each once, ascending.
    names : tuple of str
        What each stop is called.
    """

    places: np.ndarray
    stops: np.ndarray
    names: tuple[str, ...]


def along(values: pd.Series) -> Along:
    """Place times, numbers or names along an axis.

    Times and numbers keep their distances; names stand in the order of the frame.

    Examples
    --------
    >>> axis = along(pd.Series(pd.to_datetime(["2026-01-01", "2026-03-01"])))
    >>> axis.names, axis.stops.tolist()
    (('2026-01', '2026-03'), [0.0, 59.0])
    """
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if _holds_dates(values):
        values = pd.to_datetime(values)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        return _along_times(values)
    if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype.kind != "b":
        places = values.to_numpy(dtype=float, na_value=np.nan)
        stops = np.unique(places[np.isfinite(places)])
        return Along(places, stops, tuple(_plain(stop) for stop in stops))
    codes, found = pd.factorize(values)
    places = np.where(codes < 0, np.nan, codes.astype(float))
    names = tuple(texts(pd.Series(found)))
    return Along(places, np.arange(len(names), dtype=float), names)


def texts(values: pd.Series) -> list[str]:
    """Write names of categories: words as they are, times and numbers as everywhere else.

    Examples
    --------
    >>> texts(pd.Series(["A ", None])), texts(pd.Series([1.0, 2.5]))
    (['A', '–'], ['1', '2.5'])
    """
    if _holds_dates(values):
        values = pd.to_datetime(values)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        axis = _along_times(values)
        found = pd.Index(axis.stops).get_indexer(axis.places)
        return [formats.MISSING if place < 0 else axis.names[place] for place in found]
    numeric = pd.api.types.is_numeric_dtype(values.dtype) and values.dtype.kind != "b"
    return [_plain(item) if numeric else formats.value(item, "text") for item in values]


def _plain(number: float) -> str:
    """Write a number that names something: a year or an identifier has no thousands separator."""
    if formats.is_missing(number) or number != int(number):
        return formats.value(number, "number")
    return str(int(number)).replace("-", formats.MINUS)


def _holds_dates(values: pd.Series) -> bool:
    present = values.dropna()
    return values.dtype == object and len(present) > 0 and isinstance(present.iloc[0], date)


def _along_times(values: pd.Series) -> Along:
    times = values.dt.tz_localize(None) if values.dt.tz is not None else values
    stops = pd.DatetimeIndex(times.dropna().unique()).sort_values()
    first = stops[0] if len(stops) else pd.Timestamp(0)
    day = pd.Timedelta(days=1)
    places = ((times - first) / day).to_numpy(dtype=float, na_value=np.nan)
    return Along(places, np.asarray((stops - first) / day, dtype=float), _time_names(stops))


def _time_names(stops: pd.DatetimeIndex) -> tuple[str, ...]:
    if (stops != stops.normalize()).any():
        return tuple(formats.moment(stop) for stop in stops)
    pattern = "%Y-%m" if len(stops) and (stops.day == 1).all() else "%Y-%m-%d"
    return tuple(stops.strftime(pattern))


def readable(axis: Along, room: float) -> tuple[list[float], list[str]]:
    """Choose stops whose names do not overlap, the last one among them.

    Parameters
    ----------
    axis : Along
        All stops.
    room : float
        Length of the axis in points.
    """
    step = max(-(-len(axis.stops) // _LABELS_TRIED), 1)
    stops, names = axis.stops[::-1][::step], axis.names[::-1][::step]
    per_unit = room / max(float(np.ptp(axis.stops)), 1e-9) if len(axis.stops) > 1 else room
    chosen, edge = [], np.inf
    for stop, label in zip(stops, names, strict=True):
        label = lettering.fit(label, _LABEL_WIDTH, theme.SMALL)
        half = lettering.text_width(label, theme.SMALL) / 2 + 5
        if stop * per_unit + half <= edge:
            chosen.append((float(stop), label))
            edge = stop * per_unit - half
    chosen.reverse()
    return [stop for stop, _ in chosen], [label for _, label in chosen]
