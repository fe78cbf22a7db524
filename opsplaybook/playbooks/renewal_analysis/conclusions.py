"""Verdict, key figures and findings of the renewal analysis."""

from collections.abc import Iterator
from dataclasses import replace
from math import isnan

from opsplaybook import formats
from opsplaybook.findings import (
    Finding,
    Findings,
    KeyFigure,
    Notes,
    Tone,
    Verdict,
    grade,
    key_figure,
    strongest,
)
from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.metrics.renewals import LOST, OPEN
from opsplaybook.playbooks.renewal_analysis.back_test import BackTest
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.definitions import (
    CUSTOMER_DEFINITIONS,
    CUSTOMER_METHOD,
    DEFINITIONS,
    METHOD,
)
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers
from opsplaybook.playbooks.renewal_analysis.due import Due
from opsplaybook.playbooks.renewal_analysis.forecast import Forecast
from opsplaybook.playbooks.renewal_analysis.forecast_shown import coverage_words
from opsplaybook.playbooks.renewal_analysis.past_use import PastUse
from opsplaybook.playbooks.renewal_analysis.records import Records
from opsplaybook.playbooks.renewal_analysis.register import Register
from opsplaybook.playbooks.renewal_analysis.revenue import Retained
from opsplaybook.playbooks.renewal_analysis.stay import Stay
from opsplaybook.sources import Tables
from opsplaybook.stats.results import Estimate

_SENTENCE_CHARACTERS = 300
_DECISIVE_SHARE = 0.5
_DECISIVE_MOST = 5


def findings(
    given: Tables,
    book: Book,
    records: Records,
    due: Due,
    retained: Retained,
    stay: Stay,
    past: PastUse,
    drivers: Drivers,
    test: BackTest,
    forecast: Forecast,
    register: Register,
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions.

    In a report on one account, what speaks of its own use and dates is for the customer too; risk,
    rates of others and owners are for us.
    """
    found = [
        *_own_risk(register, book),
        *_forecast(forecast, book),
        *_drivers(drivers, book),
        *_back_test(test),
        *_retention(retained, due),
        *_records(records),
        *_stay(stay, book),
        *_own_use(past, book),
    ]
    parts = (book, records, due, stay, past, test)
    caveats = (*given.caveats, *(caveat for part in parts for caveat in part.caveats))
    return Findings(
        playbook="renewal_analysis",
        title=f"Renewal analysis: {book.scope}" if book.account_id else "Renewal analysis",
        subject=book.scope,
        period=due.period,
        as_of=given.as_of.isoformat(),
        verdict=_own_verdict(past, book) if book.account_id else _verdict(
            due, retained, forecast, test, book
        ),
        key_figures=(*_tiles(due, retained, forecast, test, book), *_own_tiles(past, book)),
        findings=strongest(found),
        actions=register.actions,
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=DEFINITIONS,
        method=METHOD,
        for_customer=Notes((), CUSTOMER_DEFINITIONS, CUSTOMER_METHOD),
    )  # fmt: skip


def decisive(forecast: Forecast, book: Book) -> tuple[str, ...]:
    """Name the fewest accounts that make up half of the uncertainty; nobody if they are many.

    An account may decide on several days: its shares are added up.
    """
    shares = forecast.frame.groupby("account_id")["share_of_variance"].sum()
    shares = shares.sort_values(ascending=False, kind="stable")
    count = int((shares.cumsum().round(9) < _DECISIVE_SHARE).sum()) + 1
    few = count <= _DECISIVE_MOST and len(shares) > count
    return tuple(book.labels[shares.index[:count]]) if few else ()


def _verdict(
    due: Due, retained: Retained, forecast: Forecast, test: BackTest, book: Book
) -> Verdict:
    word, tone = _word(forecast, test, due)
    if book.agreed:
        parts = [f"renewed were {_short(due.logo)} of customers and {_short(due.money)} of value"]
    else:
        parts = ["no contract has a due date"]
    parts.append(f"gross retention {_short(retained.gross)}")
    parts.append(_ahead(forecast, book))
    parts.append(_worth(test))
    sentence = "; ".join(part for part in parts if part)
    whole = f"{sentence[:1].upper()}{sentence[1:]}."
    return Verdict(word, whole[:_SENTENCE_CHARACTERS], tone)


def _word(forecast: Forecast, test: BackTest, due: Due) -> tuple[str, Tone]:
    if forecast.revenue is None:
        nothing = forecast.frame.empty and due.logo.n
        return ("Nothing due", "open") if nothing else ("Not enough data", "open")
    if test.standing == "separates":
        return "Work the list", "mixed"
    if test.standing == "does not separate":
        return "Plan on base rates", "mixed"
    return "Not tested", "open"


def _ahead(forecast: Forecast, book: Book) -> str:
    if forecast.revenue is None:
        said = forecast.sentence(book.currency).removesuffix(".")
        return f"{said[:1].lower()}{said[1:]}"
    due, low, high = (
        formats.money(amount, book.currency)
        for amount in (forecast.due, forecast.revenue.low, forecast.revenue.high)
    )
    named = decisive(forecast, book)
    few = f", {len(named):,} accounts decide half of it" if len(named) > 1 else ""
    return f"{due} due up to {formats.day(forecast.last)}, {low} to {high} stays{few}"


def _worth(test: BackTest) -> str:
    return {
        "separates": "the score separated in the past",
        "does not separate": "the score does not separate",
    }.get(test.standing, "no score could be tested")


def _short(found: Estimate) -> str:
    """Write a rate with its interval; where all accounts did the same there may be none."""
    if not found.enough:
        return formats.NOT_ENOUGH
    text = formats.value(found.value, found.kind)
    if found.interval is None:
        return text
    return f"{text} ({formats.interval(found.interval, found.kind)})"


def _own_verdict(past: PastUse, book: Book) -> Verdict:
    """Say when the account decides and how it uses the product: nothing of risk."""
    if past.frame.empty:
        return Verdict(
            "No contract due", f"{book.scope} has no dated contract.", "open", "customer"
        )
    row = past.next_of_account(book.last)
    day, ahead = formats.day(row["due_on"]), row["due_on"] >= book.last
    word, term = _own_term(row["state"], day, ahead=ahead)
    use = [term]
    if not isnan(row["use"]):
        use.append(
            f"{formats.count(row['use'])} actions in the 90 days to {formats.day(row['at'])}"
        )
    if not isnan(row["change"]):
        use.append(f"{formats.change(row['change'])} on the 90 days before")
    return Verdict(word, f"{'; '.join(use)}.", "open", "customer")


def _own_term(state: str, day: str, *, ahead: bool) -> tuple[str, str]:
    """Return a word and a sentence for where a term stands."""
    if state == OPEN and ahead:
        return "Renewal ahead", f"The term ends on {day}"
    if state == OPEN:
        return "Not decided", f"The term ended on {day} and is not decided"
    word = "Not renewed" if state == LOST else "Renewed"
    ending = f"ends on {day} and is" if ahead else f"ended on {day} and was"
    return word, f"The term {ending} {word.lower()}"


def _tiles(
    due: Due, retained: Retained, forecast: Forecast, test: BackTest, book: Book
) -> tuple[KeyFigure, ...]:
    n = len(forecast.frame)
    ahead = key_figure(
        "due", "Due ahead", Estimate(forecast.due, None, n, "money", "counted"),
        f"annual value of open decisions up to {formats.day(forecast.last)}",
        unit="decisions" if n != 1 else "decision", currency=book.currency,
    )  # fmt: skip
    if book.account_id:
        return (ahead,)
    tiles = [
        _rate_tile("logo", "Renewal rate", due.logo, "renewed over decided, of what was due",
                   unit=due.unit),
        _rate_tile("money", "Renewal rate, money", due.money,
                   "renewed value, capped at the old, over value decided", unit="accounts"),
        _rate_tile("gross", "Gross retention", retained.gross,
                   "value still there over value at the start, growth left out", unit="accounts"),
        _rate_tile("net", "Net retention", retained.net,
                   "value of the same accounts over that at the start", unit="accounts"),
        ahead,
    ]  # fmt: skip
    if test.separation is not None:
        tone: Tone = "mixed" if test.standing == "separates" else "bad"
        auc = test.separation.auc
        tiles.append(key_figure("auc", "Score (AUC)", auc, "0.5 is chance", tone=tone,
                                unit="losses"))  # fmt: skip
    return tuple(tiles)


def _rate_tile(key: str, label: str, found: Estimate, definition: str, *, unit: str) -> KeyFigure:
    """Make a tile of a rate: with too few units it is no number, interval or not."""
    made = key_figure(key, label, found, definition, unit=unit)
    return made if found.enough else replace(made, value=formats.NOT_ENOUGH)


def _own_tiles(past: PastUse, book: Book) -> Iterator[KeyFigure]:
    if not book.account_id or past.frame.empty:
        return
    row = past.next_of_account(book.last)
    for name, label, kind, meaning in (
        ("users", "Active users", "count", "people who did anything in 90 days"),
        ("seat_use", "Users per seat", "share", "active users over seats"),
        ("use", "Actions", "count", "everything done in 90 days"),
    ):
        if not isnan(row[name]):
            value = Estimate(float(row[name]), None, 1, kind, "counted")
            made = key_figure(name, label, value, meaning)
            yield replace(made, base="", audience="customer")


def _own_risk(register: Register, book: Book) -> Iterator[Finding]:
    """Say what is known of the risk of one account: for us alone."""
    if not book.account_id:
        return
    for row in register.frame.head(1).itertuples():
        signals = "; ".join(text for text in (row.internal, row.external) if text)
        risk = formats.NOT_ENOUGH
        if not isnan(row.probability):
            risk = f"{formats.share(row.probability)} by the {row.basis}"
        then = ""
        if not isnan(row.before):
            then = f" (as of {row.before_on}: {formats.share(row.before)})"
        yield Finding(
            claim=f"Risk of losing what is due on {formats.day(row.due_on)}: "
            f"{risk}{then}. "
            f"Signals: {signals or 'none of those looked for'}.",
            strength=grade(
                detectable=row.basis not in ("base rate", "none"),
                n=MINIMUM_UNITS,
                design="association",
            ),
            design="association",
            evidence=("risk-register",),
            would_change="What the owner hears from the customer.",
        )


def _forecast(forecast: Forecast, book: Book) -> Iterator[Finding]:
    if forecast.revenue is None or book.account_id:
        return
    named = decisive(forecast, book)
    few = f" Half of the uncertainty hangs on {', '.join(named)}." if named else ""
    lost = formats.estimate(forecast.base, unit="decisions")
    source = f"Probabilities come from the {forecast.basis}; {lost} were lost so far."
    yield Finding(
        claim=f"{forecast.sentence(book.currency)}{few}",
        strength=grade(detectable=True, n=forecast.base.n, design="description"),
        evidence=("forecast", "swings"),
        caveats=(coverage_words(forecast), source),
        would_change="Signals that are not in the tables, such as what owners heard.",
    )


def _drivers(drivers: Drivers, book: Book) -> Iterator[Finding]:
    if drivers.standing == "not looked at":
        return
    yield Finding(
        claim=drivers.sentence,
        strength=grade(
            detectable=drivers.standing == "found", n=drivers.losses, design="association"
        ),
        design="association",
        evidence=("drivers", "model"),
        caveats=tuple(
            f"Dropped as a leak: {leak.name.replace('_', ' ')}." for leak in drivers.leaks
        ),
        would_change=f"More losses: n counts {book.unit}, and certainty hangs on the losses.",
    )


def _back_test(test: BackTest) -> Iterator[Finding]:
    if test.separation is None:
        return
    precision, base = (formats.estimate(found, unit="decisions") for found in
                       (test.precision, test.base))  # fmt: skip
    yield Finding(
        claim=f"{test.sentence} Of the {test.top} ranked highest each time, {precision} left, of "
        f"all {base}.",
        strength=grade(
            detectable=test.standing == "separates", n=int(test.scored["lost"].sum()),
            design="description",
        ),
        evidence=("back-test", "calibration", "origins"),
        caveats=_simpler(test),
    )  # fmt: skip


def _simpler(test: BackTest) -> tuple[str, ...]:
    """Name a simpler score that ranks as well as the model: it is easier to explain."""
    return tuple(
        f"{name.capitalize()} rank as well: AUC {formats.estimate(tested.auc, unit='losses')}."
        for name, tested, _ in test.others
        if tested is not None and tested.auc.value >= test.separation.auc.value
    )


def _retention(retained: Retained, due: Due) -> Iterator[Finding]:
    if not retained.gross.enough:
        return
    claim = (
        f"Gross retention of the whole base was {formats.estimate(retained.gross, unit='accounts')}"
        f", net retention {_short(retained.net)}"
    )
    if due.money.enough:
        claim += f"; of the value that was due, {_short(due.money)} was renewed"
    yield Finding(
        claim=f"{claim}.",
        strength=grade(detectable=True, n=retained.gross.n, design="description"),
        evidence=("rates", "bridge"),
        caveats=() if retained.bridge.reconciles else (retained.sentence,),
    )


def _records(records: Records) -> Iterator[Finding]:
    if records.caveats:
        n = max(int(records.pairs["n_first"].max()) if len(records.pairs) else 0, records.outside)
        yield Finding(
            claim=" ".join(records.caveats),
            strength=grade(detectable=True, n=n, design="description"),
            evidence=("records",),
        )


def _stay(stay: Stay, book: Book) -> Iterator[Finding]:
    if book.account_id:
        return
    yield Finding(
        claim=stay.sentence,
        strength=grade(
            detectable=bool(stay.compared["beyond_chance"].any()),
            n=int(stay.frame["lost"].sum()),
            design="association",
        ),
        design="association",
        evidence=("survival", "survival-groups", "causes"),
    )


def _own_use(past: PastUse, book: Book) -> Iterator[Finding]:
    if not book.account_id or past.frame.empty:
        return
    row = past.next_of_account(book.last)
    if isnan(row["users"]) or isnan(row["seats"]):
        return
    yield Finding(
        claim=f"{formats.count(row['users'])} people used the product in the 90 days to "
        f"{formats.day(row['at'])}, of {formats.count(row['seats'])} seats; "
        f"{formats.count(row['breadth'])} different actions.",
        strength=grade(detectable=True, n=int(row["users"]), design="description"),
        evidence=("past-use", "use-chart", "key-actions"),
        audience="customer",
    )
