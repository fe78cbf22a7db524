from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from opsplaybook.figures import theme
from opsplaybook.figures.shares import ink_on, luminance

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(colour):
    parts = np.asarray(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour, vision):
    """CIE 1976 L*a*b* (D65) of a colour as it is seen."""
    rgb = np.clip(np.asarray(VISION[vision]) @ linear(colour), 0, 1)
    xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]]) @ rgb / [0.95047, 1, 1.08883]  # fmt: skip
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_series_differ_for_every_vision(vision):
    for one, other in combinations([look.colour for look in theme.SERIES] + [theme.CONTEXT], 2):
        assert np.linalg.norm(lab(one, vision) - lab(other, vision)) >= 26, (one, other)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [(theme.FOCUS, 5.1), (theme.ALERT, 3.9), (theme.CONTEXT, 3.0), (theme.SECOND, 2.7)],
)
def test_contrast_on_white(colour, expected):
    assert contrast(colour, theme.PAPER) == pytest.approx(expected, abs=0.08)


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED])
def test_text_is_readable(colour):
    assert contrast(colour, theme.PAPER) >= 4.5


@pytest.mark.parametrize("fill", theme.ORDERED_FILLS)
def test_numbers_in_fills_are_readable(fill):
    assert contrast(ink_on(fill), fill) >= 4.5


def test_numbers_in_grids_are_readable():
    for fill in mpl.colormaps[theme.SEQUENTIAL](np.linspace(0, 1, 12))[:, :3]:
        assert contrast(ink_on(tuple(fill)), tuple(fill)) >= 4.0


def test_series_differ_in_dash_and_mark_too():
    assert len({look.mark for look in theme.SERIES}) == len(theme.SERIES)
    assert len({str(look.dash) for look in theme.SERIES}) == len(theme.SERIES)


def test_neighbouring_classes_differ_in_hatch_too():
    assert all(one != other for one, other in zip(theme.HATCHES, theme.HATCHES[1:], strict=False))
    assert len(theme.HATCHES) == len(theme.ORDERED_FILLS)


def test_ordered_fills_go_from_dark_to_light():
    lights = [luminance(fill) for fill in theme.ORDERED_FILLS]
    assert lights == sorted(lights)


def test_settings_come_back_after_an_error():
    before = dict(mpl.rcParams)
    with pytest.raises(ZeroDivisionError), theme.applied():
        1 / 0  # noqa: B018
    assert dict(mpl.rcParams) == before
