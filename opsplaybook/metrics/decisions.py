"""What was known of an account when it decided about a renewal: features frozen on that day.

The decision date is the due date less notice, or the day on which the customer decided, or the last
known day, whichever comes first. What happened after it is not looked at: whoever has given notice
uses the product less, and that foretells nothing.
"""

import ibis
import numpy as np
import pandas as pd

from opsplaybook.metrics.events import DECISION_ROLES
from opsplaybook.metrics.renewals import OPEN
from opsplaybook.metrics.usage import total_quantity, user_of
from opsplaybook.sources import Tables

WINDOW_DAYS = 90
PEOPLE_DAYS = 365
TICKET_DAYS = 180
FALLING_RATIO = 0.6
FALLING_MINIMUM = 10
"""Fewer rows in the earlier window are too few to speak of a fall."""
LONGEST_YEAR_MONTHS = 13
"""A term of up to so many months counts as a year."""

FLAGS = {
    "lost_decision_maker": "a decision maker left in the year before",
    "falling_use": "use fell by 40% or more within 90 days",
    "renews_itself": "the contract renews itself",
    "multi_year": "the term was longer than a year",
    "billed_yearly": "billed once a year",
}
"""Features that are there or not."""

NUMBERS = {
    "seat_use": "active users per seat",
    "breadth": "different actions in 90 days",
    "use": "actions in 90 days",
    "tickets": "tickets in 180 days",
    "covered_roles": "decision roles in regular contact",
    "trained": "people who passed a training",
    "tenure_years": "years as a customer",
    "annual_value": "annual value",
    "seats": "seats",
    "health_score": "health score as maintained",
}
"""Features that are a number."""

CATEGORIES = {
    "product": "product",
    "billing": "billing",
    "industry": "industry",
    "region": "region",
    "segment": "segment",
}
"""Features that are one of several words; they are described, and enter no model."""


def decided_by(made: pd.DataFrame) -> pd.Series:
    """Return the day by which each decision is made: the notice date, or the decision before it.

    Parameters
    ----------
    made : DataFrame
        As from `opsplaybook.metrics.renewals.decisions`.

    Returns
    -------
    Series of datetime
        ``decide_by``, or ``decided_on`` where it comes first and the decision is not open.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-03-01", "2026-03-01"])
    >>> made = pd.DataFrame({"decide_by": days, "state": ["lost", "open"]})
    >>> decided_by(made.assign(decided_on=days - pd.Timedelta(days=9))).dt.day.tolist()
    [20, 1]

    What the first one did after 20 February was done by somebody who was leaving.
    """
    decided = made["decided_on"].where(made["state"] != OPEN)
    return made["decide_by"].where(~(decided < made["decide_by"]), decided)


def decision_features(tables: Tables, made: pd.DataFrame, *, account_id: str = "") -> pd.DataFrame:
    """Describe accounts on their decision dates.

    Parameters
    ----------
    tables : Tables
        With ``contracts`` and ``accounts``; ``activity``, ``contacts``, ``tickets`` and
        ``trainings`` where there are any. `activity` is read once, in the engine.
    made : DataFrame
        As from `opsplaybook.metrics.renewals.decisions`.
    account_id : str, optional
        Account whose activity is read; all by default.

    Returns
    -------
    DataFrame
        Index ``decision_id`` in the order of `made`; ``at`` (the day on which features are frozen),
        those of `FLAGS` (0 or 1) and `NUMBERS` as float, those of `CATEGORIES` as text. Missing is
        what the source does not know on that day: a feature of use is missing where the record of
        use does not reach back 180 days. ``tenure_years`` is counted to the notice date, which
        is known beforehand: to the day of the decision it would tell leavers, who decide early,
        from the others.
    """
    last = pd.Timestamp(tables.as_of)
    at = decided_by(made).clip(upper=last)
    points = pd.DataFrame(
        {"decision_id": made["decision_id"], "account_id": made["account_id"], "at": at}
    )
    use = use_before(tables, points, account_id=account_id)
    parts = [use, _people(tables, points), _support(tables, points), _trainings(tables, points)]
    frame = pd.concat([part.reindex(points["decision_id"]) for part in parts], axis=1)
    frame = frame.assign(**_contract_features(tables, made, at, made["decide_by"].clip(upper=last)))
    frame["seat_use"] = frame["users"] / frame["seats"].where(frame["seats"] > 0)
    known = frame.astype({name: "float64" for name in (*FLAGS, *NUMBERS) if name in frame})
    return known.assign(at=at.to_numpy(), **_categories(tables, made))


def use_before(tables: Tables, points: pd.DataFrame, *, account_id: str = "") -> pd.DataFrame:
    """Sum up the use before each of several days, in one pass of the engine over `activity`.

    Parameters
    ----------
    tables : Tables
    points : DataFrame
        ``decision_id``, ``account_id`` and ``at``; what happened on that day or later is not read.
    account_id : str, optional
        Only rows of this account are read.

    Returns
    -------
    DataFrame
        Index ``decision_id``; ``use`` and ``earlier_use`` (rows of the last 90 days and of the 90
        days before), ``users``, ``breadth`` (different actions), ``quantity`` (of the last 90 days)
        and ``falling_use``. Missing throughout where the source has no use, and where its record
        begins later than 180 days before the day.
    """
    names = ["use", "earlier_use", "users", "breadth", "quantity", "falling_use"]
    rows = tables.expression("activity")
    if rows is None or "account_id" not in rows.columns or points.empty:
        return pd.DataFrame(columns=names, dtype="float64")
    asked = points if not account_id else points.loc[points["account_id"] == account_id]
    if account_id:
        rows = rows.filter(rows["account_id"] == account_id)
    found = _sums_before(rows, asked).reindex(asked["decision_id"])
    counts = ["use", "earlier_use", "users", "breadth", "quantity"]
    found[counts] = found[counts].fillna(0.0)
    enough = found["earlier_use"] >= FALLING_MINIMUM
    falls = enough & (found["use"] <= FALLING_RATIO * found["earlier_use"])
    found = found.assign(falling_use=falls.astype("float64"))
    if not _has_users(rows):
        found["users"] = np.nan
    begun = tables.qualities["activity"].first_on
    unseen = asked["at"] - pd.Timedelta(days=2 * WINDOW_DAYS) < pd.Timestamp(begun)
    found.loc[unseen.to_numpy()] = np.nan
    return found[names].astype("float64")


def _has_users(rows: ibis.Table) -> bool:
    return "user_id" in rows.columns


def _sums_before(rows: ibis.Table, asked: pd.DataFrame) -> pd.DataFrame:
    """Join each row to the decisions of its account that it came before."""
    days = asked.assign(at=asked["at"].dt.date)
    points = ibis.memtable(
        days, schema={"decision_id": "string", "account_id": "string", "at": "date"}
    )
    first = (asked["at"].min() - pd.Timedelta(days=2 * WINDOW_DAYS)).date()
    day = rows["at"].date()
    small = rows.filter(day >= first, day < asked["at"].max().date())
    small = small.mutate(day=small["at"].date(), who=user_of(small))
    joined = small.join(points, "account_id", rname="{name}_decided")
    before = joined["at_decided"].delta(joined["day"], unit="day")
    near = joined.mutate(before=before).filter(
        joined["day"] < joined["at_decided"], before <= 2 * WINDOW_DAYS
    )
    recent = near["before"] <= WINDOW_DAYS
    grouped = near.group_by("decision_id").aggregate(
        use=near.count(where=recent),
        earlier_use=near.count(where=~recent),
        users=near["who"].nunique(where=recent),
        breadth=near["action"].nunique(where=recent),
        quantity=total_quantity(near, recent),
    )
    return grouped.to_pandas().set_index("decision_id").astype("float64")


def _people(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    """Say who had left and who was in contact on each day."""
    names = ["lost_decision_maker", "covered_roles"]
    if not tables.has("contacts", "role"):
        return pd.DataFrame(columns=names, dtype="float64")
    contacts = tables["contacts"]
    wanted = contacts.loc[contacts["role"].isin(DECISION_ROLES)]
    joined = points.merge(wanted, on="account_id")
    at = joined["at"]
    gone = joined["left_on"] <= at
    recently = gone & (joined["left_on"] > at - pd.Timedelta(days=PEOPLE_DAYS))
    lost = recently & (joined["role"] == "decision maker")
    contact = (joined["covered_on"] <= at) & ~gone
    role = joined["role"].where(contact)
    of = joined["decision_id"]
    found = pd.DataFrame(
        {
            "lost_decision_maker": lost.groupby(of).max(),
            "covered_roles": role.groupby(of).nunique(),
        }
    ).reindex(points["decision_id"])
    found = found.astype("float64").fillna(0.0)
    if not tables.has("contacts", "left_on"):
        found["lost_decision_maker"] = np.nan
    return found if tables.has("contacts", "covered_on") else found.assign(covered_roles=np.nan)


def _support(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    if not tables.has("tickets", "account_id"):
        return pd.DataFrame(columns=["tickets"], dtype="float64")
    tickets = tables["tickets"]
    day = tickets["opened_at"].dt.tz_localize(None).dt.normalize()
    return _counted(points, tickets["account_id"], day, "tickets", TICKET_DAYS)


def _trainings(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    if not tables.has("trainings", "passed"):
        return pd.DataFrame(columns=["trained"], dtype="float64")
    trainings = tables["trainings"]
    passed = trainings.loc[trainings["passed"].fillna(value=False)]
    day = passed["at"].dt.tz_localize(None).dt.normalize()
    return _counted(points, passed["account_id"], day, "trained", None)


def _counted(
    points: pd.DataFrame, account: pd.Series, day: pd.Series, name: str, within: int | None
) -> pd.DataFrame:
    """Count rows of each account up to the day, in the last days where `within` says so."""
    rows = pd.DataFrame({"account_id": account, "day": day}).dropna()
    joined = points.merge(rows, on="account_id")
    inside = joined["day"] < joined["at"]
    if within is not None:
        inside &= joined["day"] >= joined["at"] - pd.Timedelta(days=within)
    counts = inside.groupby(joined["decision_id"]).sum()
    return counts.reindex(points["decision_id"], fill_value=0).astype("float64").to_frame(name)


def _contract_features(
    tables: Tables, made: pd.DataFrame, at: pd.Series, notice: pd.Series
) -> dict[str, np.ndarray]:
    accounts = tables["accounts"].set_index("account_id")
    since = accounts["customer_since"].reindex(made["account_id"]).to_numpy()
    first = tables["contracts"].groupby("account_id")["start_on"].min()
    began = pd.Series(since).fillna(first.reindex(made["account_id"]).reset_index(drop=True))
    yearly = made["billing"].str.lower().isin(("annual", "yearly", "annually", "year"))
    known = made["billing"].notna()
    years = (notice.reset_index(drop=True) - began).dt.days / 365.25
    seats = made["seats"].astype("float64")
    return {
        "health_score": _health(accounts, made, at),
        "renews_itself": made["auto_renew"].astype("float64").to_numpy(),
        "multi_year": (made["months"] > LONGEST_YEAR_MONTHS)
        .astype("float64")
        .where(made["months"].notna())
        .to_numpy(),
        "billed_yearly": yearly.astype("float64").where(known).to_numpy(),
        "tenure_years": years.clip(lower=0).to_numpy(),
        "annual_value": made["annual_value"].to_numpy(dtype=float),
        "seats": seats.where(seats > 0).to_numpy(),
    }


def _health(accounts: pd.DataFrame, made: pd.DataFrame, at: pd.Series) -> np.ndarray:
    """Return the score that the company keeps, unless it was made after the decision."""
    score = accounts["health_score"].reindex(made["account_id"]).to_numpy(dtype=float)
    scored = accounts["scored_on"].reindex(made["account_id"]).to_numpy()
    return np.where(scored > at.to_numpy(), np.nan, score)


def _categories(tables: Tables, made: pd.DataFrame) -> dict[str, np.ndarray]:
    accounts = tables["accounts"].set_index("account_id")
    of_account = ("industry", "region", "segment")
    found = {name: accounts[name].reindex(made["account_id"]).to_numpy() for name in of_account}
    return found | {name: made[name].to_numpy() for name in ("product", "billing")}


def use_outside_terms(tables: Tables, *, account_id: str = "") -> tuple[int, int]:
    """Count rows of activity before the start or after the end of the contract that they name.

    Parameters
    ----------
    tables : Tables
        With ``activity`` and ``contracts``.
    account_id : str, optional
        Only rows of this account are read.

    Returns
    -------
    outside, rows : int
        0 and 0 where activity names no contract.
    """
    rows, terms = tables.expression("activity"), tables.expression("contracts")
    if rows is None or terms is None or "contract_id" not in rows.columns:
        return 0, 0
    if account_id:
        rows = rows.filter(rows["account_id"] == account_id)
    ends = terms["end_on"] if "end_on" in terms.columns else ibis.null("date")
    dated = terms.select(contract_id="contract_id", first=terms["start_on"], last=ends)
    joined = rows.join(dated, "contract_id")
    day = joined["at"].date()
    outside = (day < joined["first"]) | (day > joined["last"])
    counted = joined.aggregate(
        outside=joined.count(where=outside.fill_null(ibis.literal(value=False))),
        rows=joined.count(),
    )
    found = counted.to_pandas().iloc[0]
    return int(found["outside"]), int(found["rows"])
