"""Returns on money spent, always with the basis on which they are computed."""

from math import nan

from opsplaybook.stats.results import Estimate


def return_on_cost(gain: float, cost: float, *, basis: str, n: int) -> Estimate:
    """Compute the return on a cost: (gain less cost) over cost.

    Parameters
    ----------
    gain, cost : float
        In the same currency; either may be NaN.
    basis : str
        What the gain is: ``pipeline``, ``weighted pipeline``, ``closed revenue``. A return on
        pipeline is no return on revenue, so there is no default.
    n : int
        Deals behind the gain.

    Returns
    -------
    Estimate
        Kind ``change``, no interval (an account of money, not a sample); NaN where the cost is 0.

    Raises
    ------
    ValueError
        Negative cost, or an empty basis.

    Examples
    --------
    >>> round(return_on_cost(1_200_000, 45_000, basis="pipeline", n=18).value, 2)
    25.67

    Each unit of money spent stands against 25.67 more of open pipeline, none of it revenue yet.
    """
    if cost < 0:
        raise ValueError(f"cost == {cost}, must not be negative")
    if not basis:
        raise ValueError("basis is empty, must say what the gain is")
    value = (gain - cost) / cost if cost else nan
    return Estimate(value, None, n, "change", f"return on {basis}", gain)


def cost_per(cost: float, units: int) -> Estimate:
    """Compute the cost per unit, such as per lead.

    Parameters
    ----------
    cost : float
        Total cost.
    units : int
        Leads, opportunities or customers that it brought.

    Returns
    -------
    Estimate
        Kind ``money``, no interval; NaN where there are no units.

    Examples
    --------
    >>> round(cost_per(45_000, 245).value, 2)
    183.67

    A lead cost 183.67.
    """
    if units < 0:
        raise ValueError(f"units == {units}, must not be negative")
    return Estimate(cost / units if units else nan, None, units, "money", "cost per unit", cost)
