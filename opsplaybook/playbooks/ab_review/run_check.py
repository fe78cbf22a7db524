"""Step 1: was it run as planned? Nothing is said of an effect before this is answered."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.errors import ContractError
from opsplaybook.metrics.experiment_outcomes import odd
from opsplaybook.metrics.experiment_places import places_of_units
from opsplaybook.metrics.experiments import (
    assigned_units,
    count_by_arm,
    daily_assignments,
    users_in_two_accounts,
)
from opsplaybook.playbooks.ab_review.balance import balance
from opsplaybook.playbooks.ab_review.measured import Design, Measured, lay_out, measure
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.plan import Experiment, read_plan
from opsplaybook.playbooks.base import Earlier, earlier_runs
from opsplaybook.sources import Tables
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.sample_ratio import SampleRatio, sample_ratio, sequential_sample_ratio

NAMED = 0.01
"""Share of units from which a contradiction is more than a slip."""


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Whether the experiment was run as planned.

    Attributes
    ----------
    experiment : Experiment
    design : Design
    measured : tuple of Measured
        Every metric, success metrics first.
    ratio : SampleRatio
    arms : DataFrame
        ``arm``, ``share`` (planned), ``expected``, ``units``, ``share_found``.
    daily : DataFrame
        ``day``, ``p_value`` (valid on every day), ``units`` (so far); empty where nothing is dated.
    first_alarm : Timestamp or None
        First day on which the sequential test would have stopped it.
    places : DataFrame
        ``attribute``, ``place``, one column per arm, ``p_value`` (corrected): where units are
        missing; empty where nothing tells.
    problems : DataFrame
        ``check``, ``found``, ``of``, ``state`` ("ok", "note", "stop"), ``done`` (what is done).
    balance : DataFrame
        ``metric``, ``difference``, ``low``, ``high``, ``p_value``, ``kind``, ``n``: the span
        before the assignment, where nothing can differ but by chance.
    earlier : Earlier
    caveats : tuple of str
    """

    experiment: Experiment
    design: Design
    measured: tuple[Measured, ...]
    ratio: SampleRatio
    arms: pd.DataFrame
    daily: pd.DataFrame
    first_alarm: pd.Timestamp | None
    places: pd.DataFrame
    problems: pd.DataFrame
    balance: pd.DataFrame
    earlier: Earlier
    caveats: tuple[str, ...]

    @property
    def stops(self) -> bool:
        """Whether a failed check forbids a verdict on the effect."""
        return bool((self.problems["state"] == "stop").any())

    @property
    def sentence(self) -> str:
        """Whether it ran as planned, in one sentence."""
        shares = " to ".join(f"{share:.0%}" for share in self.arms["share"])
        units = " to ".join(formats.count(number) for number in self.arms["units"])
        found = f"{units} {self.design.noun} for a plan of {shares}"
        p_value = formats.p_value(self.ratio.p_value)
        if not self.stops:
            return f"It ran as planned: {found} ({p_value})."
        failed = self.problems.loc[self.problems["state"] == "stop", "check"].tolist()
        return f"It did not run as planned ({', '.join(failed)}): {found} ({p_value})."


def check_run(given: Tables, params: Params) -> RunCheck:
    """Hold the assignments against the plan, and measure every metric.

    Parameters
    ----------
    given : Tables
    params : Params

    Returns
    -------
    RunCheck

    Raises
    ------
    ContractError
        If the experiment has no assignment, or one planned arm only.
    """
    experiment = read_plan(given, params)
    key = params.experiment_id
    units = assigned_units(given, key, start=experiment.start_on, end=experiment.end_on)
    planned = [name for name, share in experiment.shares.items() if share > 0]
    _refuse_empty(units.counts, planned, key)
    design = lay_out(given, params, experiment, units)
    measured = measure(given, design)
    counts = _drawn_counts(design)
    ratio = sample_ratio(counts["units"], counts["share"])
    daily, first_alarm = _daily(design, params)
    places = _places(given, design, params)
    since = None if experiment.start_on is None else experiment.start_on.date()
    shared = users_in_two_accounts(given, units, since=since) if design.by == "account_id" else 0
    problems = _problems(design, ratio, measured, params, shared)
    about = {"experiment_id": key}
    return RunCheck(
        experiment=experiment,
        design=design,
        measured=measured,
        ratio=ratio,
        arms=counts.assign(expected=ratio.expected),
        daily=daily,
        first_alarm=first_alarm,
        places=places,
        problems=problems,
        balance=balance(measured, params),
        earlier=earlier_runs(params.earlier_runs, "ab_review", given.as_of, about=about),
        caveats=_caveats(design, measured),
    )


def _refuse_empty(counts: pd.DataFrame, planned: list[str], key: str) -> None:
    """Refuse what cannot be compared; an arm without units is a mismatch, not an error."""
    found = [name for name in planned if counts["units"].get(name, 0)]
    if found:
        return
    there = ", ".join(f"{name}: {n:,}" for name, n in counts["units"].items())
    raise ContractError(
        "no unit was put into a planned arm" if there else "there is no assignment",
        where=f"assignments, experiment {key}" + (f" ({there})" if there else ""),
        remedy=f"the plan names the arms {', '.join(planned)}; map their names, or the experiment",
    )


def _drawn_counts(design: Design) -> pd.DataFrame:
    """Count what was put into each planned arm: chance drew accounts or users, never both."""
    shares, counts = design.experiment.shares, count_by_arm(design.drawn)
    frame = pd.DataFrame({"arm": list(shares), "share": shares.values()})
    frame["share"] = frame["share"].astype("float64")
    frame["units"] = [counts.get(arm, 0) for arm in shares]
    return frame.assign(share_found=frame["units"] / max(frame["units"].sum(), 1))


def _daily(design: Design, params: Params) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    """Test the ratio day by day, where assignments came day by day."""
    experiment = design.experiment
    arms = tuple(name for name, share in experiment.shares.items() if share > 0)
    counts = daily_assignments(design.drawn, arms)
    if len(counts) < 2:
        return pd.DataFrame(columns=["day", "p_value", "units"]), None
    shares = [experiment.shares[name] for name in arms]
    table = counts.to_numpy()
    # A tenth of all units tunes it to mismatches of three standard errors; how many came says
    # nothing of their split.
    found = sequential_sample_ratio(
        table, shares, concentration=max(table.sum() / 10, 1), alpha=params.sample_ratio_alpha
    )
    days = counts.index
    frame = pd.DataFrame({"day": days, "p_value": found.p_values})
    frame["units"] = counts.sum(axis=1).cumsum().to_numpy()
    alarm = None if found.first_alarm is None else days[found.first_alarm]
    return frame, alarm


def _places(given: Tables, design: Design, params: Params) -> pd.DataFrame:
    """Find where units are missing: the ratio within platforms and classes of accounts."""
    experiment = design.experiment
    by = f"{design.randomised_by}_id"
    frame = places_of_units(given, design.drawn, by=by, attributes=params.segments)
    arms = [name for name, share in experiment.shares.items() if share > 0]
    for arm in arms:
        frame[arm] = frame.get(arm, 0)
    shares = [experiment.shares[arm] for arm in arms]
    tests = [sample_ratio(row, shares).p_value for row in frame[arms].to_numpy()]
    frame = frame.assign(p_value=holm(np.array(tests)) if tests else pd.Series(dtype="float64"))
    return frame.sort_values(["p_value", "attribute", "place"], ignore_index=True)


def _problems(
    design: Design, ratio: SampleRatio, measured: tuple[Measured, ...], params: Params, shared: int
) -> pd.DataFrame:
    counts, units = design.units.counts, int(design.units.counts["units"].sum())
    experiment = design.experiment
    planned = counts.index.isin([name for name, share in experiment.shares.items() if share > 0])
    two = int(counts["in_two_arms"].sum())
    facts = _outcome_facts(measured)
    mismatch = not ratio.p_value >= params.sample_ratio_alpha
    mixed = design.units.accounts_in_two_arms if experiment.planned_unit == "account" else 0
    accounts = int(design.units.accounts["accounts"].sum())
    contradictions = sum(design.units.contradictions.values())
    homeless = int(counts["without_account"].sum()) if design.randomised_by == "account" else 0
    rows = [
        ("sample ratio", ratio.p_value, None, "stop" if mismatch else "ok", "no verdict"),
        ("rows that contradict their arm", contradictions, units + contradictions,
         _state(contradictions), "left out; the effect with them stands below"),
        ("units in two arms", two, units, _state(two, units), "left out"),
        ("units recorded again in their arm", int(counts["again"].sum()), units,
         _state(int(counts["again"].sum())), "counted once"),
        ("units in an arm that is not planned", int(counts.loc[~planned, "units"].sum()), units,
         _state(int(counts.loc[~planned, "units"].sum()), units), "left out"),
        ("units of no known account", homeless, units, _state(homeless, units), "left out"),
        ("accounts in two arms", mixed, accounts, "stop" if mixed else "ok",
         "no verdict by account"),
        ("users in two accounts or more", int(counts["in_two_accounts"].sum()) + shared, units,
         _state(int(counts["in_two_accounts"].sum()) + shared),
         "counted in the first account" if not shared else "counted in each"),
        ("units assigned outside the planned days", int(counts["outside"].sum()), units,
         _state(int(counts["outside"].sum()), units), "kept"),
        ("units that never met the difference", _unexposed(counts), units,
         _state(_unexposed(counts)), "kept: whoever stays away may do so because of the arm"),
        ("outcomes measured in another arm", odd(facts, "elsewhere"), odd(facts, "rows"),
         _state(odd(facts, "elsewhere")), "left out"),
        ("outcomes before the assignment", odd(facts, "too_early"), odd(facts, "rows"),
         _state(odd(facts, "too_early")), "left out"),
        ("outcomes after the days that count", odd(facts, "too_late"), odd(facts, "rows"),
         _state(odd(facts, "too_late")), "left out"),
        ("units without an outcome", odd(facts, "missing"), odd(facts, "rows"),
         _state(odd(facts, "missing")), "not counted, and no zero"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["check", "found", "of", "state", "done"])
    return frame.assign(done=frame["done"].where(frame["state"] != "ok", ""))


def _state(found: int, of: int = 0) -> str:
    """Judge a count: where it is more than a slip, it stops the verdict."""
    if not found:
        return "ok"
    return "stop" if of and found / of > 10 * NAMED else "note"


def _unexposed(counts: pd.DataFrame) -> int:
    """Count units without an exposure; where none has one, exposures are not recorded."""
    never = int(counts["never_exposed"].sum())
    return never if never < counts["units"].sum() else 0


def _outcome_facts(measured: tuple[Measured, ...]) -> pd.DataFrame:
    return next((m.held.outcomes for m in measured if len(m.held.outcomes)), pd.DataFrame())


def _caveats(design: Design, measured: tuple[Measured, ...]) -> tuple[str, ...]:
    experiment, units = design.experiment, design.units
    found = []
    if design.randomised_by != experiment.planned_unit:
        found.append(
            f"The plan says that {experiment.planned_unit}s were put into arms; in the data whole "
            f"{design.randomised_by}s were, and are compared."
        )
    two, total = int(units.counts["in_two_arms"].sum()), int(units.counts["units"].sum())
    if two > NAMED * total:
        found.append(f"{two:,} of {total:,} units were in two arms: the treatment may have leaked.")
    undated = int(units.counts["undated"].sum())
    if undated:
        instead = (
            "nothing is said of days" if experiment.start_on is None else "the first day counts"
        )
        found.append(f"{undated:,} units have no day of assignment: {instead}.")
    for item in measured:
        negative = _negative(item)
        if negative and item.metric.measure.kind == "revenue":
            found.append(f"{item.metric.label}: {negative:,} units are below zero, and count so.")
        gone = {arm: n for arm, n in item.missing.items() if n > 0}
        if gone and design.randomised_by == "user":
            named = ", ".join(f"{n:,} in {arm}" for arm, n in gone.items())
            found.append(f"{item.metric.label}: units without a value are not counted ({named}).")
    return tuple(found)


def _negative(item: Measured) -> int:
    if item.accounts is not None:
        return int((item.accounts.totals < 0).sum())
    facts = item.held.outcomes
    if facts.empty:
        return 0
    name = item.metric.measure.numerator.argument
    return int(facts.loc[facts["metric"] == name, "negative"].sum())
