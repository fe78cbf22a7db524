"""Guardrails: whether a metric that must not suffer is safely not much worse.

Absence of a detected harm is no evidence of safety. A guardrail holds when harm beyond the margin
agreed beforehand can be ruled out (one-sided test of non-inferiority).
"""

from dataclasses import dataclass
from math import inf, nan
from typing import Literal

from opsplaybook.formats import Kind
from opsplaybook.stats.contrasts import difference_of_moments, welch_contrast
from opsplaybook.stats.moments import Contrast, Moments
from opsplaybook.stats.results import Difference
from opsplaybook.stats.tails import t_quantile

State = Literal["holds", "open", "harmed"]
"""``holds``: harm beyond the margin is ruled out; ``harmed``: being at least as good is."""


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether harm beyond a margin is ruled out.

    Attributes
    ----------
    difference : Difference
        First minus second with the two-sided interval of level 1 - 2 alpha.
    limit : float
        Worst difference that is still accepted, with its sign.
    bound : float
        Worst difference that the data allow at one-sided alpha; for a relative margin, by how
        much the first passes the share of the second that must be kept.
    p_value : float
        One-sided, of harm at the margin; NaN where it cannot be judged.
    harm_p_value : float
        One-sided, of no harm at all.
    alpha : float
    """

    difference: Difference
    limit: float
    bound: float
    p_value: float
    harm_p_value: float
    alpha: float

    @property
    def holds(self) -> bool:
        """Whether harm beyond the margin is ruled out."""
        return self.p_value <= self.alpha

    @property
    def state(self) -> State:
        """Holds, is harmed, or cannot be told.

        A small harm may be proven and lie within the margin: then the guardrail holds.
        """
        if self.holds:
            return "holds"
        return "harmed" if self.harm_p_value <= self.alpha else "open"


def non_inferior(
    first: Moments,
    second: Moments,
    *,
    margin: float,
    relative: bool = False,
    higher_is_better: bool = True,
    alpha: float = 0.05,
    reference: Literal["t", "normal"] = "t",
    kind: Kind = "number",
) -> NonInferiority:
    """Test whether the first arm is not worse than the second by the margin or more.

    Parameters
    ----------
    first, second : Moments
        Of accounts where accounts were drawn.
    margin : float
        Largest harm accepted, above 0, in the unit of the metric, or as a share of the second mean.
    relative : bool
        Whether the margin is a share. The noise of the second mean then counts as well: what is
        tested is first against (1 - margin) times second.
    higher_is_better : bool
    alpha : float
        One-sided.
    reference : {"t", "normal"}
    kind : Kind

    Returns
    -------
    NonInferiority
        P-values NaN where an arm has fewer than two units or no spread: the guardrail is open.
        Where a relative margin has no second mean above 0 to be a share of, it never holds, and
        only harm at all can be proven.

    Raises
    ------
    ValueError
        Margin not above 0.

    References
    ----------
    Wellek 2010, Testing Statistical Hypotheses of Equivalence and Noninferiority, section 2;
    Fieller 1954 (relative margins).

    Examples
    --------
    >>> found = non_inferior(
    ...     Moments.of_rate(392, 1000), Moments.of_rate(400, 1000), margin=0.04, kind="points"
    ... )
    >>> round(found.p_value, 3), round(found.bound, 3), found.state
    (0.072, -0.044, 'open')

    0.8 points lower; a harm of up to 4.4 cannot be ruled out, and 4 was the limit.
    """
    if not margin > 0:
        raise ValueError(f"margin == {margin}, must be above 0")
    sign = 1.0 if higher_is_better else -1.0
    shift = sign * margin if relative else 0.0
    limit = -sign * margin * (second.mean if relative else 1.0)
    tested = _referred(welch_contrast(first, second, scale=1 - shift), reference)
    plain = _referred(welch_contrast(first, second), reference)
    difference = difference_of_moments(first, second, kind=kind, level=1 - 2 * alpha)
    if not (tested.usable and plain.usable):
        return NonInferiority(difference, limit, nan, nan, nan, alpha)
    better, worse = ("greater", "less") if higher_is_better else ("less", "greater")
    harm = plain.p_value(0.0, worse)
    if relative and not second.mean > 0:
        return NonInferiority(difference, limit, nan, nan, harm, alpha)
    null = 0.0 if relative else limit
    bound = tested.value - sign * t_quantile(alpha, tested.freedom) * tested.error
    return NonInferiority(
        difference,
        limit,
        bound,
        tested.p_value(null, better),
        harm,
        alpha,
    )


def _referred(contrast: Contrast, reference: str) -> Contrast:
    if reference == "t":
        return contrast
    return Contrast(contrast.value, contrast.variance, inf)
