"""Who leaves when a contract is due, and why.

Each account decides once per term, on its notice date: all its products go on, or all end.
The probability of a loss is ``1 - exp(-exp(eta))``, so that effects on `eta` are logarithms of
hazard ratios of a discrete-time hazard (complementary log-log link).

Planted here:

- **The base**: a loss probability of 0.095 per term with none of the risks below.
- **Lost decision maker**: a decision maker left in the 365 days up to the notice date:
  hazard ratio 2.0.
- **Falling use**: the 90 days before the notice date brought at most 0.6 of the rows of
  activity of the 90 days before those: hazard ratio 1.8.
- **A price attack**: contracts that end in the fourth quarter of 2025 have a hazard ratio
  of 2.5, and their losses are mostly blamed on a competitor's price.
- **Industry** does nothing, nor does anything else.
- **Three key accounts** never leave before the last day; their contracts end on 2026-08-31 and
  decide the third quarter of 2026.

In the null company every ratio is 1 and there is no price attack.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import day_of

BASE_LOSS_PROBABILITY = 0.095
LOST_DECISION_MAKER_RATIO = 2.0
FALLING_USE_RATIO = 1.8
PRICE_ATTACK_RATIO = 2.5
PRICE_ATTACK_FIRST = "2025-10-01"
PRICE_ATTACK_LAST = "2025-12-31"
ATTACKER = "Pricewell"

REASONS = (
    ("key person left", "internal"),
    ("budget cut", "internal"),
    ("reorganisation", "internal"),
    ("competitor price", "external"),
    ("competitor product", "external"),
    ("not used enough", "product"),
    ("missing function", "product"),
    ("insolvency", "other"),
)
COMPETITORS = (ATTACKER, "Brightdesk", "Opsline")
PRICE_REASON = 3
_PERSON_REASON = 0
_USE_REASON = 5
_PRODUCT_REASON = 4
_USUAL_REASONS = (0.08, 0.20, 0.16, 0.14, 0.14, 0.06, 0.16, 0.06)


@dataclass(frozen=True, slots=True)
class Risks:
    """What bears on a decision; arrays have one entry per deciding account."""

    lost_decision_maker: np.ndarray
    falling_use: np.ndarray
    attacked: np.ndarray


def attacked(end_day: np.ndarray) -> np.ndarray:
    """Tell whose contract ends in the quarter of the price attack."""
    return (end_day >= day_of(PRICE_ATTACK_FIRST)) & (end_day <= day_of(PRICE_ATTACK_LAST))


def loss_probability(risks: Risks, *, null: bool) -> np.ndarray:
    """Compute the probability that each account leaves.

    Examples
    --------
    >>> yes, no = np.array([True]), np.array([False])
    >>> round(loss_probability(Risks(yes, no, no), null=False).item(), 3)
    0.181

    The hazard -log(1 - 0.181) is twice -log(1 - 0.095).
    """
    hazard = np.full(len(risks.attacked), -np.log1p(-BASE_LOSS_PROBABILITY))
    if not null:
        hazard = hazard * np.where(risks.lost_decision_maker, LOST_DECISION_MAKER_RATIO, 1.0)
        hazard = hazard * np.where(risks.falling_use, FALLING_USE_RATIO, 1.0)
        hazard = hazard * np.where(risks.attacked, PRICE_ATTACK_RATIO, 1.0)
    return -np.expm1(-hazard)


def loss_reasons(rng: np.random.Generator, risks: Risks, *, null: bool) -> np.ndarray:
    """Draw a reason (code of `REASONS`) for each account, in case it leaves.

    A risk is named with the share of its excess, 1 - 1 / ratio; else the usual reasons hold.
    """
    count = len(risks.attacked)
    reason = rng.choice(len(REASONS), size=count, p=_USUAL_REASONS)
    if null:
        return reason
    for present, ratio, code in (
        (risks.falling_use, FALLING_USE_RATIO, _USE_REASON),
        (risks.lost_decision_maker, LOST_DECISION_MAKER_RATIO, _PERSON_REASON),
        (risks.attacked, PRICE_ATTACK_RATIO, PRICE_REASON),
    ):
        named = present & (rng.random(count) < 1 - 1 / ratio)
        reason = np.where(named, code, reason)
    return reason


def competitors(rng: np.random.Generator, reason: np.ndarray, attacked: np.ndarray) -> np.ndarray:
    """Draw who won the account instead (code of `COMPETITORS`, -1 where nobody did)."""
    drawn = rng.integers(0, len(COMPETITORS), len(reason))
    drawn = np.where(attacked & (reason == PRICE_REASON), 0, drawn)
    return np.where((reason == PRICE_REASON) | (reason == _PRODUCT_REASON), drawn, -1)
