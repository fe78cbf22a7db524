"""Scores of earlier runs, as they were then: compared with what came, and never made again."""

from dataclasses import dataclass

import pandas as pd

from opsplaybook.metrics.renewals import LOST, OPEN
from opsplaybook.playbooks.base import earlier_tables
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate

REGISTER = "risk-register"
_NEEDED = ("decision_id", "probability", "basis")


@dataclass(frozen=True, slots=True)
class Frozen:
    """Scores that earlier runs wrote down.

    Attributes
    ----------
    scores : DataFrame
        ``run``, ``day``, ``decision_id``, ``probability``, ``basis`` and ``state`` (as it is now);
        oldest first.
    runs : DataFrame
        ``run``, ``day``, ``scored``, ``decided`` (since), ``expected`` (losses among those) and
        ``lost``.
    lost : Estimate
        Share lost of the decided ones, each by its newest score.
    expected : float
        Mean probability of the same.
    """

    scores: pd.DataFrame
    runs: pd.DataFrame
    lost: Estimate
    expected: float

    def newest(self) -> pd.DataFrame:
        """Return the newest score of each decision, made by a model where there is one.

        Returns
        -------
        DataFrame
            Index ``decision_id``; ``probability``, ``run``, ``day``, ``basis``.
        """
        by_model = self.scores["basis"] == "model"
        ordered = self.scores.assign(by_model=by_model).sort_values(
            ["by_model", "day"], kind="stable"
        )
        return ordered.drop_duplicates("decision_id", keep="last").set_index("decision_id")


def read_frozen(given: Tables, params: Params, book: Book) -> Frozen:
    """Read the scores of earlier runs and hold them against what came.

    Parameters
    ----------
    given : Tables
    params : Params
    book : Book

    Returns
    -------
    Frozen
        Empty without earlier runs.
    """
    tables = earlier_tables(params.earlier_runs, "renewal_analysis", given.as_of, REGISTER)
    parts = [
        table[list(_NEEDED)].assign(run=run, day=day)
        for run, day, table in tables
        if set(_NEEDED) <= set(table.columns) and len(table)
    ]
    names = ["run", "day", *_NEEDED]
    scores = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    scores["probability"] = scores["probability"].astype("float64")
    # A run with too few outcomes lists what is due without a score.
    scores = scores.dropna(subset="probability", ignore_index=True)
    states = book.decisions.set_index("decision_id")["state"]
    scores["state"] = states.reindex(scores["decision_id"]).to_numpy()
    known = scores["state"].notna() & (scores["state"] != OPEN)
    newest = scores.loc[known].drop_duplicates("decision_id", keep="last")
    lost = int((newest["state"] == LOST).sum())
    return Frozen(
        scores=scores,
        runs=_by_run(scores, known),
        lost=rate(lost, len(newest), level=params.level),
        expected=float(newest["probability"].mean()),
    )


def _by_run(scores: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    counted = scores.assign(
        decided=known,
        expected=scores["probability"].where(known, 0.0),
        lost=known & (scores["state"] == LOST),
    )
    grouped = counted.groupby(["day", "run"])
    sums = grouped[["decided", "expected", "lost"]].sum()
    frame = sums.assign(scored=grouped.size()).reset_index()
    whole = dict.fromkeys(("decided", "lost", "scored"), "int64")
    return frame[["run", "day", "scored", "decided", "expected", "lost"]].astype(
        whole | {"expected": "float64"}
    )
