"""Glossary and method of the customer portrait, for the appendix of its report."""

DEFINITIONS = (
    ("Customer", "A term in force on the last known day, or an order in the months before it."),
    ("Value", "Invoiced less credited in the months before; else contracts, else deals won."),
    ("Score", "Scaled dimensions times their weights, 0 to 100 points."),
    ("Known", "Share of the weight whose dimensions are known; the rest takes no part."),
    ("Cut", "Lowest score that is in a tier. Equal scores are in one tier."),
    ("Borderline", "So few points from a cut that a small change moves the customer."),
    ("Firm", "In the same tier under nearly all weights that were drawn."),
    ("Covered", "Somebody of ours is in regular contact with a person in that part."),
    ("Decision chain", "Users, evaluators, budget holders, decision makers, signers, vetoes."),
    ("By hand", "Decided by people, with reason and last day; takes a place in the tier."),
    ("Places", "Managers of a tier times the accounts that one of them looks after."),
    ("Recency, frequency, money", "Days since the last order, days with orders, net amount."),
    ("Gini", "0 where all bring the same, near 1 where one brings all."),
)

METHOD = (
    (
        "Measures of concentration carry the BCa bootstrap interval (Efron 1987), drawing "
        "customers; those below zero are left out and named."
    ),
    (
        "A missing dimension is a gap. By default its weight goes to the dimensions that are "
        "known, and the share that is known stands beside the score."
    ),
    (
        "Weights are moved one at a time, and drawn from a Dirichlet distribution around those "
        "chosen (Lahdelma and Salminen 2001). TOPSIS (Hwang and Yoon 1981), the weighted product "
        "and other scales make tiers of the same size."
    ),
    (
        "The back-test makes the score from what was known on the earlier day and compares the "
        "halves S and A against B and C by the probability of superiority (Brunner and Munzel "
        "2000). Whoever left brought nothing, and counts."
    ),
    (
        "The score is tested without money too: last year's orders foretell the next ones, and "
        "a score that tells no more is not worth its weights."
    ),
    (
        "Drivers are the dimensions that are not money, regressed together on ranks over all "
        "customers that have each two of them (gaps are taken as accidental), with errors from "
        "drawing customers, corrected for their number (Holm). They are associations, not causes."
    ),
    (
        "Clusters must be stable under resampling (Hennig 2007) and tighter than simulated clouds "
        "(after Liu and others 2008); one cluster is an answer."
    ),
)
