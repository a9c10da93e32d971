"""What was asked of whom, as a person reads it. Pure."""

from collections.abc import Iterator

from pipelines.health.page import Part
from pipelines.health.speech import Speech
from pipelines.health.traffic_model import Budget, Costs, DomainCost

_SHOWN = 5
_UNITS = ("B", "kB", "MB", "GB")


def costs_part(costs: Costs, speech: Speech) -> Part:
    """The dearest domains; the document has them all."""
    if not costs.domains:
        return Part()
    names = ("domain", "requests", "bytes", "articles", "requests_each", "bytes_each")
    more = len(costs.domains) - _SHOWN
    return Part(
        title=speech("costs", since=costs.since.isoformat()),
        columns=tuple(speech(f"col.{name}") for name in names),
        rows=tuple(_row(cost, speech) for cost in costs.domains[:_SHOWN]),
        numbers=frozenset(range(1, 6)),
        spare=(5, 2),  # bytes for an article, bytes
        lines=(speech("more", count=more),) if more > 0 else (),
    )


def _row(cost: DomainCost, speech: Speech) -> tuple[str, ...]:
    none = speech("none")
    each = none if cost.requests_per_article is None else f"{cost.requests_per_article:.1f}"
    size = none if cost.bytes_per_article is None else size_of(cost.bytes_per_article)
    return (cost.domain, str(cost.requests), size_of(cost.bytes), str(cost.articles), each, size)


def size_of(count: float) -> str:
    """1.5 MB, in powers of a thousand."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"


def budget_waits(source: str, budget: Budget, speech: Speech) -> Iterator[str]:
    """What waits for the next day."""
    if budget.until is not None:
        what = "polls" if budget.polls_wait else "articles"
        yield speech(f"budget.{what}", source=source, per_day=budget.per_day, at=speech.at(budget.until))


def budget_line(budget: Budget, speech: Speech) -> str:
    return speech("budget", requests=budget.requests, per_day=budget.per_day)
