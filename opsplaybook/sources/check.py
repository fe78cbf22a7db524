"""What an analyst should know of a source before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsplaybook import formats
from opsplaybook.contracts import TABLES, conform
from opsplaybook.display import MimeBundle, Table
from opsplaybook.errors import SourceError
from opsplaybook.sources import views
from opsplaybook.sources.engine import frame
from opsplaybook.sources.quality import Quality
from opsplaybook.sources.reconcile import Reconciliation, reconcile_contracts

if TYPE_CHECKING:
    from opsplaybook.sources.source import Source

Needs = Mapping[str, tuple[Iterable[str], Iterable[str]]]
"""Required and optional tables of each playbook."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A table that cannot be read or trusted."""

    table: str
    error: SourceError


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a playbook can run.

    Attributes
    ----------
    playbook : str
    state : {"in full", "in part", "not at all"}
    why : str
        Tables that are missing.
    """

    playbook: str
    state: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """Result of `check_source`.

    Attributes
    ----------
    name : str
        Name of the source.
    qualities : tuple of Quality
        What was found in the tables that can be used.
    failures : tuple of Failure
        Tables that cannot.
    reconciliations : tuple of Reconciliation
    readiness : tuple of Readiness
    """

    name: str
    qualities: tuple[Quality, ...]
    failures: tuple[Failure, ...]
    reconciliations: tuple[Reconciliation, ...]
    readiness: tuple[Readiness, ...]

    @property
    def ok(self) -> bool:
        """Whether every table can be used and every sum agrees."""
        return not self.failures and all(part.holds is not False for part in self.reconciliations)

    def tables(self) -> tuple[Table, ...]:
        """Show everything: the tables, rows set aside, values without a match, sums, playbooks."""
        shown = (
            views.overview(self.name, self.qualities),
            views.failures([(part.table, part.error) for part in self.failures]),
            views.columns(self.qualities),
            views.set_aside(self.qualities),
            views.unmatched(self.qualities),
            views.reconciliations(self.reconciliations),
            views.readiness([(r.playbook, r.state, r.why) for r in self.readiness]),
        )
        return tuple(table for table in shown if table.rows)

    def __str__(self) -> str:
        return render_text(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        return views.overview(self.name, self.qualities)._repr_mimebundle_()


def check_source(source: Source, needs: Needs | None = None) -> SourceCheck:
    """Read and validate every table of a source.

    Parameters
    ----------
    source : Source
    needs : mapping, optional
        Required and optional tables of each playbook.

    Returns
    -------
    SourceCheck
        Never raises for what is wrong with a table: that is the result.
    """
    qualities: dict[str, Quality] = {}
    failures: list[Failure] = []
    for name in source.names:
        try:
            qualities[name] = source.quality(name)
        except SourceError as error:
            failures.append(Failure(name, error))
    complete = tuple(source.with_unmatched(name, qualities) for name in qualities)
    return SourceCheck(
        name=source.name,
        qualities=complete,
        failures=tuple(failures),
        reconciliations=tuple(_reconciliations(source, qualities)),
        readiness=tuple(_readiness(needs or {}, qualities)),
    )


def _reconciliations(source: Source, qualities: Mapping[str, Quality]) -> list[Reconciliation]:
    found = []
    last = source.last_known_day(qualities)
    if "contracts" in qualities and last is not None:
        contracts = frame(source.stock.engine, source.expression("contracts"))
        contracts = conform(contracts, TABLES["contracts"], timezone=source.timezone)
        found += reconcile_contracts(contracts, last, currency=source.currency)
    for what, words in (
        ("no negative durations", "negative duration"),
        ("keys are unique", "given before"),
        ("no row stands twice", "repetition"),
    ):
        counts = _counted(qualities.values(), words)
        detail = "; ".join(counts) or "none found"
        found.append(Reconciliation(what, None if counts else True, detail))
    return found


def _counted(qualities: Iterable[Quality], words: str) -> list[str]:
    return [
        f"{quality.table}: {formats.count(part.count)} rows set aside"
        for quality in qualities
        for part in quality.set_aside
        if words in part.reason
    ]


def _readiness(needs: Needs, qualities: Mapping[str, Quality]) -> Iterable[Readiness]:
    usable = {name for name, quality in qualities.items() if quality.rows}
    for playbook, (required, optional) in needs.items():
        missing = [name for name in required if name not in usable]
        lacking = [name for name in optional if name not in usable]
        if missing:
            yield Readiness(playbook, "not at all", f"needs {', '.join(missing)}")
        elif lacking:
            yield Readiness(playbook, "in part", f"without {', '.join(lacking)}")
        else:
            yield Readiness(playbook, "in full")


def render_text(check: SourceCheck) -> str:
    """Write a check for the terminal.

    Parameters
    ----------
    check : SourceCheck

    Returns
    -------
    str
    """
    parts = [str(table) for table in check.tables()]
    parts += [str(part.error) for part in check.failures]
    parts.append(
        "Every table can be used and every sum agrees."
        if check.ok
        else "There is something to correct, see above."
    )
    return "\n\n".join(parts)
