"""Glossary and method of the account review, for the appendix of its report.

Both are read by customers too: they speak of what is measured, and of nobody's account.
"""

DEFINITIONS = (
    ("Period", "The last days up to and with the last known day; both ends are given."),
    ("Period before", "The same number of days just before the period."),
    ("Year before", "The same days 364 days earlier, so that weekdays agree."),
    ("Annual contract value", "Annual value of the terms in force on the last day of a period."),
    ("Order", "A day with more invoiced than credited; what is returned later reduces it."),
    ("Active user", "A person who did anything in the product in the period."),
    ("Regular user", "An active user with something done in at least half of the whole weeks."),
    ("Seats in use", "Active users over the seats of the terms in force."),
    ("Value delivered", "Quantities of the action that stands for value, as the source says."),
    ("First response", "Hours from opening a ticket to the first answer, or to its solution."),
    ("Comparable accounts", "Customers that share the named property, without the account."),
    ("Place", "Share of comparable accounts that lie below; equals count by half."),
)

METHOD = (
    (
        "Orders and tickets are chance events of their sizes: totals carry the gamma interval of "
        "Fay and Feuer (1997), and the change between two of them joins both intervals on the "
        "scale of logarithms (Li, Tang and Wong 2014)."
    ),
    (
        "The change of users rests on who came and who left: their exact Poisson intervals are "
        "joined (Zou and Donner 2008); who was there in both periods changes nothing."
    ),
    (
        "Changes of actions and of value compare the totals of whole weeks, on the scale of roots, "
        "with the account's own swings: how far totals that far apart lay from each other in up "
        "to three years before (Allan 1966; degrees of freedom after Satterthwaite 1946). A change "
        "is beyond chance only where the account does not usually swing as far. Several key "
        "actions are corrected for their number (Holm)."
    ),
    (
        "Shares carry the Wilson interval, differences of shares Newcombe's, as if both periods "
        "had other people; as many are the same, it is rather too wide."
    ),
    (
        "Waits are estimated by Kaplan and Meier: a ticket that still waits counts as waiting "
        "until the last known day. Two spans are compared by the log-rank test."
    ),
    (
        "A place is a share of comparable accounts with its Wilson interval. It is shown only over "
        "enough of them, and none is named."
    ),
    "Contract value and seats are facts on a day, so a change of them has no interval.",
)
