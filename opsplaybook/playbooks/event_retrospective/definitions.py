"""Glossary and method of the event retrospective, for the appendix of its report."""

DEFINITIONS = (
    ("Reached", "Invited to the event, registered for it, or came to it."),
    ("Lead", "A person from the event who was found to be qualified."),
    ("Sourced deal", "A deal whose origin, in the pipeline, is this event."),
    ("Influenced deal", "A deal of an account that attended, with another origin or none."),
    ("Cost", "Money spent, plus hours of our people times their hourly rate."),
    ("Return", "Benefit less cost, over cost. Basis and window are named: pipeline is no revenue."),
    ("Weighted pipeline", "Won deals in full, open ones at the share of closed deals won."),
    ("Usual", "The same rate at all earlier events of the same format, taken together."),
    ("Comparable account", "Not reached, and much like one that came on the day before."),
    ("Controllable", "Whether we can change it: whom we invite is, who comes is only partly."),
)

METHOD = (
    (
        "Totals (leads, deals, money) carry the gamma interval of Fay and Feuer (1997), each "
        "account being one chance event; shares of accounts the Wilson interval; shares of people "
        "a Wilson interval on the effective number, since people of one account are alike."
    ),
    (
        "The gap to target is split by people reached, mix of channels and rate of each step by "
        "channel (Das Gupta 1993): the parts add up to the gap exactly."
    ),
    "Differences from usual are tested by account and corrected for their number (Holm).",
    (
        "Comparable accounts are the three nearest by Mahalanobis distance within 0.2 standard "
        "deviations of the propensity (Rosenbaum and Rubin 1985); the interval is that of Abadie "
        "and Imbens (2006)."
    ),
    "The placebo repeats the comparison one window earlier, before the event could have an effect.",
)

FOR_GUESTS = (
    ("Attended", "Came to the event, by its record of attendance."),
    ("Account", "A company; people of one company are alike, so it is what intervals count."),
    ("Interval", "What the same event could have brought by chance alone."),
)

METHOD_FOR_GUESTS = (
    (
        "Shares of people carry a Wilson interval on the effective number, since people of one "
        "account are alike; totals that of Fay and Feuer (1997), each account being one chance."
    ),
)
"""Glossary and method of a report that guests and partners read."""
