"""Step 5: exact splits of a difference into mix and rate, and the reversals in it."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from opsplaybook.playbooks.funnel_review.nested import alone, matrix
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.stats.decomposition import funnel_gap, mix_and_rate
from opsplaybook.stats.resampled_splits import split_intervals

MIX = "mix"
_SIDES = ("first", "second")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Reversal:
    """A segment that went one way while the total went the other, because the mix moved.

    Attributes
    ----------
    step, segment : str
    cell : float
        Difference of the segment, beyond chance.
    total : float
        Difference of all together.
    mix, rate : float
        Parts of the total; they add up to it.
    every : bool
        Whether every segment went against the total (Simpson's paradox in its strict form).
    """

    step: str
    segment: str
    cell: float
    total: float
    mix: float
    rate: float
    every: bool


def split_steps(own: pd.DataFrame, by: str, params: Params) -> dict[str, float]:
    """Split the difference of one step into mix and rate, with intervals over drawn accounts.

    Parameters
    ----------
    own : DataFrame
        Counts of the step: ``side``, the column `by`, ``mature_reached``, ``base``.
    by : str
        Column of the strata.
    params : Params

    Returns
    -------
    dict
        ``mix`` and ``rate`` with ``_low`` and ``_high``, and ``every`` (strict reversal).
    """
    names = sorted(own[by].astype(str).unique())
    keyed = own.assign(cell=own["side"] + "\n" + own[by].astype(str))
    cells = [f"{side}\n{name}" for side, name in product(_SIDES, names)]
    counts = np.stack([matrix(keyed, name, "cell", cells) for name in ("mature_reached", "base")])
    sides = counts[..., : len(names)], counts[..., len(names) :]
    found = mix_and_rate(*(tuple(side.sum(axis=1)) for side in sides))
    single = alone(keyed)
    generator = np.random.default_rng(params.seed)
    if len(single) == 1:
        spread = split_intervals(
            *(tuple(side[:, 0]) for side in sides), generator=generator, level=params.level
        )
    else:
        spread = split_intervals(
            *(tuple(side[:, ~single]) for side in sides),
            alone=tuple(side[:, single].sum(axis=1) for side in sides),
            generator=generator,
            level=params.level,
        )
    row = {"mix": found.mix_total, "rate": found.rate_total, "every": found.reversal}
    for name in ("mix", "rate"):
        interval = getattr(spread, name) if spread else None
        row[f"{name}_low"] = interval.low if interval else np.nan
        row[f"{name}_high"] = interval.high if interval else np.nan
    return row


def split_whole(counts: pd.DataFrame, by: str) -> pd.DataFrame:
    """Split the difference of the whole way by step and segment, exactly (Das Gupta).

    Parameters
    ----------
    counts : DataFrame
        Counts of all steps: ``side``, `by`, ``position``, ``step``, ``optional``,
        ``mature_entered``, ``mature_reached``.
    by : str

    Returns
    -------
    DataFrame
        ``factor`` ("mix" or the step), ``segment`` and ``points`` of share of entrants; the column
        adds up to the difference. Empty where a side has no entrant, or nobody to the end.
    """
    required = counts.loc[~counts["optional"].astype(bool)]
    names = sorted(required[by].astype(str).unique())
    steps = required.drop_duplicates("position").sort_values("position")
    stages = [
        _stage(required.loc[required["side"] == side], by, names, list(steps["position"]))
        for side in _SIDES
    ]
    if any(not stage[:, 0].sum() for stage in stages):
        return pd.DataFrame(columns=["factor", "segment", "points"])
    entrants = stages[1][:, 0].sum()
    scaled = stages[0] * (entrants / stages[0][:, 0].sum())
    gap = funnel_gap(scaled, stages[1], stages=list(steps["step"]))
    effects = np.where(np.abs(gap.effects) < _ROUNDING, 0.0, gap.effects) / entrants
    # With as many entrants on both sides their number explains nothing.
    factors = [MIX, *steps["step"].iloc[1:]]
    frame = pd.DataFrame(effects[:, 1:], columns=factors).assign(segment=names)
    long = frame.melt(id_vars="segment", var_name="factor", value_name="points")
    return long[["factor", "segment", "points"]]


def find_reversals(steps: pd.DataFrame, cells: pd.DataFrame) -> tuple[Reversal, ...]:
    """Name segments that moved beyond chance against a total that the mix carried along.

    Parameters
    ----------
    steps : DataFrame
        ``step``, ``difference``, ``mix``, ``rate``, ``every``.
    cells : DataFrame
        ``segment``, ``step``, ``difference``, ``p_value``, ``detectable``; may be empty.
    """
    if cells.empty:
        return ()
    found = []
    for cell in cells.loc[cells["detectable"]].sort_values("p_value", kind="stable").itertuples():
        total = steps.loc[steps["step"] == cell.step].iloc[0]
        against = np.sign(total["difference"]) == -np.sign(cell.difference)
        if against and np.sign(total["mix"]) == np.sign(total["difference"]):
            found.append(
                Reversal(
                    step=cell.step,
                    segment=cell.segment,
                    cell=float(cell.difference),
                    total=float(total["difference"]),
                    mix=float(total["mix"]),
                    rate=float(total["rate"]),
                    every=bool(total["every"]),
                )
            )
    return tuple(found)


def _stage(counts: pd.DataFrame, by: str, names: list[str], positions: list[int]) -> np.ndarray:
    """Return mature units per segment and step, shape (segments, steps)."""
    wide = counts.assign(segment=counts[by].astype(str)).pivot_table(
        index="segment", columns="position", values="mature_reached", aggfunc="sum", fill_value=0
    )
    entered = counts.loc[counts["position"] == positions[0]]
    first = entered.groupby(entered[by].astype(str))["mature_entered"].sum()
    table = wide.reindex(index=names, columns=positions, fill_value=0).astype(float)
    table[positions[0]] = first.reindex(names, fill_value=0).astype(float)
    return table.to_numpy()
