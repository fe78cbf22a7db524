"""Where one account stands among accounts that it can be compared with."""

from math import nan

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import present
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate

_METHOD = "share of comparable accounts below, ties by half; Wilson score interval"


def place_among(value: float, peers: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Place one value among comparable ones, as the share that lies below it.

    Parameters
    ----------
    value : float
        The account's own value.
    peers : array of float, shape (accounts,)
        Values of comparable accounts, the account itself left out; missing ones do not count.
    level : float
        Coverage of the interval, which treats the peers as a sample of comparable accounts.

    Returns
    -------
    Estimate
        Kind ``share``: 0 below all, 1 above all, ties counted by half; n peers. NaN where the
        account's own value is missing or there are no peers.

    Examples
    --------
    >>> place = place_among(7.0, [1, 3, 5, 7, 9, 11, None])
    >>> round(place.value, 2), place.n
    (0.58, 6)

    It is above the middle of six comparable accounts.
    """
    known = present(np.asarray(peers, dtype=float), name="peers")
    if np.isnan(value) or known.size == 0:
        return Estimate(nan, None, known.size, "share", _METHOD)
    below = float((known < value).sum() + (known == value).sum() / 2)
    share = rate(below, known.size, level=level)
    return Estimate(share.value, share.interval, known.size, "share", _METHOD, below)
