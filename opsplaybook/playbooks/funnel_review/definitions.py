"""Glossary and method of the funnel review, for the appendix of its report."""

DEFINITIONS = (
    ("Entrant", "Who did the first step in the period of entry; counted once."),
    ("Window", "Time from entry to the last step, ends included, in elapsed time."),
    ("Mature", "An entrant whose whole window is over on the last known day."),
    ("Open", "Not at the end, and the window still runs: can come, and counts in no rate."),
    ("Lost", "Not at the end, and no window runs any more."),
    ("Rate of a step", "Mature units that came to it, of those at the required step before."),
    ("Of entrants", "Mature units that came to a step, of all mature entrants."),
    ("Segment", "Property of the unit at its first entry; nobody changes it on the way."),
    ("Mix", "How entrants, or those at a step, are shared out among segments."),
    ("Rate part, mix part", "What segments did themselves, and what other shares of them did."),
    (
        "Reversal",
        "A segment moved beyond chance one way and the total the other, because the mix moved.",
    ),
    ("Odds ratio", "Odds of going on of those who took an action, over those of the others."),
    ("Landmark", "Days after a step in which actions count; who went on by then is left out."),
    ("Between changes", "Rate of all cohorts from one change that exceeds noise to the next."),
    ("Repair", "A share of those lost at a step is kept, and goes on as others do."),
    ("Brings most in", "Share of draws in which no other step's repair brings more."),
)  # fmt: skip

METHOD = (
    (
        "Rates of people carry a Wilson interval on their effective number (Dean and Pagano 2015): "
        "colleagues are alike, so the account is the unit. Units that belong to nobody, and "
        "accounts themselves, carry the plain Wilson interval."
    ),
    (
        "Differences join the intervals of both rates (Zou and Donner 2008; Newcombe 1998). "
        "Segments and cells are corrected for their number (Holm), and are named where their "
        "interval leaves out zero as well."
    ),
    (
        "Time to convert is estimated by Kaplan and Meier: whoever has not gone on counts as on "
        "the way for as long as was observed."
    ),
    (
        "A change over cohorts is looked for by the cumulative sum, and named where less than 5% "
        "of histories without a change, accounts kept whole, have as high a peak in any of all "
        "lines (Pettitt 1980; signs by account after Cameron, Gelbach and Miller 2008)."
    ),
    (
        "A difference of one rate is split into mix and rate after Kitagawa (1955), that of the "
        "whole way into mix and steps after Das Gupta (1993); both add up exactly. Intervals of "
        "the parts come from drawn accounts."
    ),
    (
        "Actions are compared from a landmark on, so that late converters have not more time to "
        "act; their odds ratios have errors by account. They are associations."
    ),
    (
        "Repairs rest on later rates staying as they are. Their intervals come from drawn accounts "
        "and carry the doubt of entrants, rates and value together."
    ),
)
