"""Step 1: the span before the assignment, where arms can differ by chance alone."""

import numpy as np
import pandas as pd

from opsplaybook.playbooks.ab_review.measured import Measured
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.stats.contrasts import difference_of_moments
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.randomisation import randomised_difference
from opsplaybook.stats.results import Difference

COLUMNS = ["metric", "kind", "n", "difference", "low", "high", "p_value", "adjusted"]


def balance(measured: tuple[Measured, ...], params: Params) -> pd.DataFrame:
    """Compare what the arms did before the assignment.

    Returns
    -------
    DataFrame
        ``metric``, ``kind``, ``n``, ``difference``, ``low``, ``high``, ``p_value`` and
        ``adjusted`` (p-value corrected for the number of metrics); no row where nothing is known
        of the time before.
    """
    found = [(item, _before(item, params)) for item in measured if item.with_past]
    rows = [
        (
            item.metric.label,
            item.metric.kind,
            part.n,
            part.value,
            *((part.interval.low, part.interval.high) if part.interval else (np.nan, np.nan)),
            part.p_value,
        )
        for item, part in found
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS[:-1])
    return frame.assign(adjusted=holm(frame["p_value"].to_numpy(dtype=float)))


def _before(item: Measured, params: Params) -> Difference:
    accounts = item.accounts
    if accounts is not None and accounts.before is not None:
        return randomised_difference(
            accounts.before,
            accounts.treated,
            generator=np.random.default_rng(params.seed),
            resamples=params.resamples,
            kind=item.metric.kind,
            level=params.level,
        )
    pair = (item.treatment, item.control)
    if item.is_ratio:
        arms = [moments.ratio(2, 3) for moments in pair]
    else:
        arms = [moments.column(1) for moments in pair]
    return difference_of_moments(*arms, kind=item.metric.kind, level=params.level)
