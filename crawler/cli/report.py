"""The report of a run that did not go well, as cron mails it: plain text, nothing when there is nothing to tell.

What a run of the same day told of a source before is not told again: a mail every twenty minutes about the same sick
source is one that nobody reads. Faults of presswatch, books that do not balance, what disk or database refused, and
that nothing at all could be polled are told every time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.books import Book
from crawler.cli.earlier_runs import NONE_EARLIER, EarlierRuns, is_news
from crawler.config.models import Language
from crawler.failure_table import Failure
from crawler.moments import in_zone
from crawler.run_report import RunReport
from pipelines.failure_advice import advice_for
from pipelines.health.failing import address_and_cause

_MOST_COMMANDS = 3  # that are named at the end
_NOBODY_WATCHED = "no source is enabled: nothing is watched; see the folder sources/ of the configuration"


def report_lines(
    report: RunReport, zone: ZoneInfo, earlier: EarlierRuns = NONE_EARLIER, *, nothing_watched: bool = False
) -> list[str]:
    """What is to be told of a run; nothing when all is well, or as it was told before.

    Args:
        report: of the run.
        zone: the installation's.
        earlier: what runs before it told; NONE_EARLIER to tell everything.
        nothing_watched: no source is enabled.
    """
    faults = [*_own_faults(report), *_imbalances(report), *_early_end(report)]
    if nothing_watched:
        faults.append(_NOBODY_WATCHED)
    errors = _errors_of_sources(report)
    news = {source: [text for text in texts if is_news(source, text, earlier)] for source, texts in errors.items()}
    news = {source: texts for source, texts in news.items() if texts}
    if not faults and not news and not report.nothing_polled:
        return []
    repeats = [source for source in errors if source not in news]
    told = [*faults, *_by_source(news, zone)]
    if told:
        told += [*_repeats(repeats), *_well_again(report, earlier), *_look_next(news)]
    elif repeats:
        told += [*_all_repeats(errors, zone), *_look_next(errors)]
    return [f"{_head(report, zone)}: {_verdict(report, zone, earlier)}", *(f"  {line}" for line in told)]


def _head(report: RunReport, zone: ZoneInfo) -> str:
    return f"presswatch run {report.number}, {_moment(report.started, zone)}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    text = moment.astimezone(zone).isoformat(sep=" ", timespec="minutes")
    return f"{text[:16]} {text[16:]}"


def _verdict(report: RunReport, zone: ZoneInfo, earlier: EarlierRuns) -> str:
    parts = []
    if report.errors:
        parts.append("presswatch itself failed")
    if report.unread:
        parts.append(f"{len(report.unread)} {_plural('file', report.unread)} not taken in whole")
    if not report.balances:
        parts.append("the books do not balance")
    if report.ended_early:
        parts.append("it ended early")
    return ", ".join([*parts, *_how_sources_are(report, zone, earlier)]) or "nothing is watched"


def _how_sources_are(report: RunReport, zone: ZoneInfo, earlier: EarlierRuns) -> Iterator[str]:
    of_all = f"of {len(report.books)} {_plural('source', report.books)}"
    failed = [line for line in report.books if line.polls_failed]
    noted = [line for line in report.books if line.error]
    if report.nothing_polled:
        since = earlier.nothing_polled_since
        begun = f", since {_moment(since, zone)}" if since and since < report.started else ""
        yield f"nothing that was due could be polled{begun}"
    elif failed:
        yield f"{len(failed)} {of_all} failed"
        more = sum(1 for line in noted if not line.polls_failed)
        if more:
            yield f"{more} more {'needs' if more == 1 else 'need'} a look"
    elif noted:
        yield f"{len(noted)} {of_all} {'needs' if len(noted) == 1 else 'need'} a look"


def _own_faults(report: RunReport) -> Iterator[str]:
    yield from report.unread
    for error in report.errors:
        yield f"internal failure: {error}"
    if report.errors:
        yield "what was pending is tried again by the next run; the log above has what is known of the cause"


def _imbalances(report: RunReport) -> Iterator[str]:
    wrong = [line for line in report.books if not line.balances]
    for line in wrong:
        yield f"{line.source}: the books of run {report.number} do not balance: {_sum(line)}"
    if wrong:
        yield "presswatch archive verify tells what in the archive is not as it should be"


def _sum(line: Book) -> str:
    return f"{line.carried_in} + {line.found} ≠ {sum(line.outcomes.values())} + {line.carried_out}"


def _early_end(report: RunReport) -> Iterator[str]:
    if report.ended_early:
        closing = "" if report.closed else ", which also closes the books of this one"
        cause = report.halted or report.hindered or report.stopped
        yield f"the run ended early: {cause}; what is pending stays for the next one{closing}"


def _errors_of_sources(report: RunReport) -> dict[str, list[str]]:
    """What the books say went wrong, without faults of ours, which are told as such."""
    ours = {" ".join(error.split()) for error in report.errors}
    by_source = {line.source: [text for text in line.error.splitlines() if text not in ours] for line in report.books}
    told = {source: [text for text in texts if Failure.INTERNAL not in text] for source, texts in by_source.items()}
    return {source: texts for source, texts in told.items() if texts}


def _by_source(news: dict[str, list[str]], zone: ZoneInfo) -> Iterator[str]:
    for source, errors in news.items():
        yield source
        yield from (f"  {in_zone(error, zone)}" for error in errors)
        advices = (advice_for(address_and_cause(error)[1], Language.EN) for error in errors)
        yield from dict.fromkeys(f"  for the {advice[0]}: {advice[1]}" for advice in advices if advice)


def _all_repeats(errors: dict[str, list[str]], zone: ZoneInfo) -> Iterator[str]:
    """What is wrong where nothing else is news."""
    (source, (first, *_)), *others = errors.items()
    yield f"as told today already: {source}: {in_zone(first, zone)}"
    if others:
        yield f"as told today already, too: {_some([name for name, _ in others])}"


def _repeats(sources: Sequence[str]) -> Iterator[str]:
    if sources:
        yield f"as told today already: {_some(sources)}"


def _well_again(report: RunReport, earlier: EarlierRuns) -> Iterator[str]:
    well = {line.source for line in report.books if line.polls and not line.polls_failed}
    again = sorted(well & earlier.failed_last)
    if again:
        yield f"polled well again: {_some(again)}"


def _look_next(news: dict[str, list[str]]) -> Iterator[str]:
    if 0 < len(news) <= _MOST_COMMANDS:
        yield "more: " + ", ".join(f"presswatch status {source}" for source in news)
    elif news:
        yield "more: presswatch status, and presswatch status SOURCE for one of them"


def _some(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _plural(word: str, things: Sequence[object]) -> str:
    return word if len(things) == 1 else f"{word}s"
