"""One size of evidence on two scales: Student's t for few units, the normal for boundaries.

Boundaries of looks are worked out for the normal distribution. With few units a statistic follows
t, and is put beside the normal quantile that has the same tail (Jennison and Turnbull 2000, Group
Sequential Methods, section 4.4).
"""

from math import copysign, inf

from scipy import special

_SMALLEST_TAIL = 1e-300
"""Beyond it quantiles are infinite."""


def t_tail(statistic: float, freedom: float) -> float:
    """Compute the chance that t, or the normal for infinite freedom, lies above a statistic.

    The functions behind scipy.stats, without the milliseconds that its distributions cost: looks
    and assignments ask for thousands.

    Examples
    --------
    >>> round(t_tail(2.306, 8), 3), round(t_tail(1.96, inf), 3)
    (0.025, 0.025)
    """
    if freedom == inf:
        return float(special.ndtr(-statistic))
    return float(special.stdtr(freedom, -statistic))


def t_quantile(tail: float, freedom: float) -> float:
    """Find what t, or the normal for infinite freedom, exceeds with a chance.

    Examples
    --------
    >>> round(t_quantile(0.025, 8), 3), round(t_quantile(0.025, inf), 2)
    (2.306, 1.96)
    """
    if freedom == inf:
        return -float(special.ndtri(tail))
    return -float(special.stdtrit(freedom, tail))


def normal_of(statistic: float, freedom: float) -> float:
    """Find the normal quantile with the tail that t has beyond a statistic, with its sign.

    Examples
    --------
    >>> round(normal_of(2.5, 8), 2), normal_of(2.5, inf)
    (2.09, 2.5)

    With ten accounts 2.5 standard errors are worth 2.1 of many.
    """
    if freedom == inf:
        return statistic
    tail = max(t_tail(abs(statistic), freedom), _SMALLEST_TAIL)
    return copysign(t_quantile(tail, inf), statistic)


def t_of(bound: float, freedom: float) -> float:
    """Find the quantile of t with the tail that the normal distribution has beyond a bound.

    Examples
    --------
    >>> round(t_of(1.96, 8), 2)
    2.31

    With ten accounts a 95% interval takes 2.3 standard errors.
    """
    if freedom == inf:
        return bound
    return t_quantile(max(t_tail(bound, inf), _SMALLEST_TAIL), freedom)
