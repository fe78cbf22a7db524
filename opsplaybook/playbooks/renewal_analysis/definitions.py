"""Glossary and method of the renewal analysis, for the appendix of its report."""

DEFINITIONS = (
    ("Decision", "All terms of an account that end on one day: they are decided together."),
    ("Due", "The last day of a term. The expiring base is what was due in the period."),
    ("Notice by", "Due date less notice."),
    (
        "Decision date",
        "Notice date, or the day of the decision where that came first; features are frozen on it.",
    ),
    ("Early, on time, late", "Decided by the notice date, by the due date, within the grace."),
    ("Lost", "Recorded as lost, or renewed only after the grace."),
    ("Open", "Not decided: neither kept nor lost, and in no rate."),
    ("Renewal rate", "Renewed over decided, of what was due; by number, and by value capped."),
    ("Gross revenue retention", "Value still there over value at the start; growth left out."),
    ("Net revenue retention", "Value of the same accounts, growth included; new ones left out."),
    ("Expansion, contraction", "More or less value of an account that stayed."),
    ("Churn, reactivation", "An account without value at the end; one that came back."),
    ("Hazard ratio", "How many times the risk of a loss per decision goes with a feature."),
    ("AUC", "Probability that a loss was ranked above a renewal; 0.5 is chance."),
    ("Calibration", "Whether of those given 20%, a fifth was lost."),
    ("Brier skill", "Share of the error of the base rate that a forecast saves; 0 is nothing."),
    ("P10 to P90", "In four cases of five the value lies between the two."),
    ("Moves the total by", "Difference of the expected total, lost or renewed."),
    ("Leak", "A feature that tells the outcome since it was written down after it."),
)

METHOD = (
    (
        "Rates carry the Wilson interval; shares of money and retention draw accounts (bootstrap, "
        "Efron 1987), or carry Wilson's where all accounts did the same."
    ),
    (
        "Curves are Kaplan and Meier's with log-log bands. Customers who were there before losses "
        "were recorded enter late; reasons of losses are cumulative incidence (Aalen and Johansen)."
    ),
    (
        "Features are those of the decision date; what came after is not read. Use is the 90 days "
        "before it, against the 90 days before those."
    ),
    (
        "One feature at a time: ratio of rates with Koopman's interval, corrected for the number "
        "of comparisons (Holm). Numbers are parted at their middle."
    ),
    (
        "Together: a discrete-time hazard per decision with complementary log-log link and "
        "Jeffreys' penalty (Firth 1993), ten losses for each feature, which enter in an order that "
        "was fixed beforehand. Associations, not causes."
    ),
    (
        "The back-test makes the model at fixed days of the past from outcomes known then, and "
        "scores each later decision once; a score counts as separating if the interval of its AUC "
        "lies above 0.5, with accounts as units."
    ),
    (
        "The forecast draws every open decision, together within one parent, with the uncertainty "
        "of the level; a renewal brings at most the old value. A base rate counts half a loss "
        "more of one decision more (Gart and Zweifel 1967): it is never 0 or 1."
    ),
    (
        "Contracts without due dates are looked at on fixed days: was a term that ran on one given "
        "up before the next?"
    ),
)

CUSTOMER_DEFINITIONS = (
    ("Users", "People who did anything in the product in the 90 days before."),
    ("Users per seat", "Users over the seats of the contract."),
    ("Different actions", "Kinds of action that were done at least once."),
    ("Due", "The last day of the term."),
)

CUSTOMER_METHOD = (
    "Use is counted in the 90 days up to the day shown, and in the 90 days before those.",
)
