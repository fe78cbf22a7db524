"""Glossary and method of the A/B review, for the appendix of its report."""

DEFINITIONS = (
    ("Arm", "Units that get the same: control what there was before, treatment what is new."),
    ("Unit", "What was put into an arm: an account, or a user."),
    ("Sample ratio", "How many units each arm has, against what was planned."),
    ("Lift", "Difference as a share of the control; unbounded where the control may be zero."),
    ("Adjusted for the past", "Differences that were there before are taken out (CUPED)."),
    ("Gain", "Share of the noise that the past explains."),
    ("Guardrail", "Must not suffer; it holds when more than the tolerated loss can be ruled out."),
    ("Headline", "The reading that decides; the others stand beside it."),
    ("Effective accounts", "Accounts of equal size that would tell as much."),
    ("Fragile", "Leaving out one unit changes what is decided."),
    ("Decides", "One unit is the effect: all others together leave it out of their interval."),
    ("Holds at every look", "An interval that may be looked at as often as one likes."),
    ("Likeness", "Share of the variance that lies between accounts (intraclass correlation)."),
    ("Smallest detectable lift", "What it would have found with the power asked for."),
)

METHOD = (
    (
        "The sample ratio is tested against the planned shares by chi-square, exactly where units "
        "are few, and day by day by a multinomial mixture (Lindon and Malek 2022). Below the "
        "threshold nothing is said of an effect."
    ),
    (
        "Where accounts were put into arms, the test draws assignments of accounts again "
        "(randomisation inference, studentised) and inverts it for the interval. Tests over "
        "users are refused there: users of one account are no independent units."
    ),
    (
        "Where users were put into arms, means are compared by Welch's test after adjusting for "
        "the past (Deng and others 2013); conversions without a past by the score test with "
        "Newcombe's interval, small tables by Boschloo's exact test."
    ),
    (
        "One test per metric, on the absolute difference. The lift has Fieller's interval, which "
        "leaves zero out when the test does; where the two would disagree it is left out."
    ),
    "Success metrics are corrected for their number (Holm); guardrails are tested one-sided.",
    (
        "Planned looks share the level by the boundaries named; unplanned ones need the interval "
        "that holds at every look (asymptotic confidence sequences, Waudby-Smith and others)."
    ),
    (
        "Each account is left out in turn. One decides when the interval of all others leaves the "
        "effect with it out. Means are cut back and trimmed (Yuen) beside the raw ones."
    ),
    (
        "Groups are compared by one test per attribute (Welch's form of Cochran's Q), corrected "
        "for the number of attributes; the effect by week since the assignment by the slopes of "
        "the units."
    ),
    (
        "What could have been seen follows from the error that was reached and the power asked "
        "for, never from the effect that was found."
    ),
)
