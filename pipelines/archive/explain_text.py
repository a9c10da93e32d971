"""An explanation as a person reads it, in Chinese or English. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from crawler.config.models import Language
from crawler.items import Dating, Precision, TermHit, ThemeVerdict
from crawler.moments import in_zone
from crawler.text import one_line
from crawler.tombstones import Tombstone
from pipelines.archive.diff import changed_clauses
from pipelines.archive.explain import Explanation, LaterVersion, Twin
from pipelines.archive.explain_reasons import in_chinese
from pipelines.archive.explain_waiting import Because, Waiting
from pipelines.archive.explain_words import WORDS
from pipelines.archive.lookup import Candidate


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Explains in `language`, with times in `zone`. Its methods give whole texts, one fact a line.

    No text from outside makes a line of its own.
    """

    language: Language
    zone: tzinfo

    def explanation(self, facts: Explanation, waiting: Waiting | None = None) -> str:
        """All there is to say of an article; `waiting` of an entry that waits."""
        return _page(_lines(self, facts, waiting))

    def disabled(self, why: str) -> str:
        """That the source of an article is, and why."""
        return _page([self.say("disabled", why=why or self.say("disabled.unsaid"))])

    def forgotten(self, grave: Tombstone) -> str:
        """All that is left to say of a forgotten article."""
        return _page([self.say("forgotten", time=self.time(grave.forgotten), reason=grave.reason)])

    def candidates(self, found: Iterable[Candidate], *, command: str) -> str:
        """The articles that fit, each with the id to give to `command`, which is told as it can be pasted."""
        lines = [self.say("candidates", command=command)]
        for item in found:
            title, outcome = item.title or self.say("untitled"), self.outcome(item.outcome)
            lines.append(self.say("candidate", entry=item.entry, title=title, source=item.source, outcome=outcome))
            lines += [f"      {item.url}"] if item.url else []
        return _page(lines)

    def say(self, message: str, /, **facts: Any) -> str:
        return WORDS[self.language][message].format(**facts)

    def word(self, kind: str, value: str) -> str:
        """The word for a value of a closed set; the value where a later presswatch has stored another one."""
        return WORDS[self.language].get(f"{kind}.{value}", value)

    def outcome(self, outcome: str) -> str:
        word = self.word("outcome", outcome)
        return self.say("outcome", word=word, outcome=outcome) if outcome else word

    def reason(self, reason: str) -> str:
        """As the ledger holds it, which is English and in UTC."""
        told = in_zone(reason, self.zone)
        return in_chinese(told) if self.language is Language.ZH_CN else told

    def time(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def dating(self, dating: Dating) -> str:
        return self.say(
            "dating",
            time=dating.at.date().isoformat() if dating.precision is Precision.DAY else self.time(dating.at),
            where=self.word("where", dating.where),
            text=dating.text,
            assumed=self.say("dating.assumed", zone=dating.zone) if dating.zone else "",
            coarse=self.word("coarse", dating.precision.value),
        )

    def optional(self, key: str, value: str) -> list[str]:
        return [self.say(key, value=value)] if value else []


def _page(lines: Iterable[str]) -> str:
    return "\n".join(map(one_line, lines))


def _lines(voice: Voice, facts: Explanation, waiting: Waiting | None) -> Iterator[str]:
    yield facts.title or voice.say("untitled")
    yield voice.say("entry", entry=facts.entry, source=facts.source, key=facts.key)
    yield voice.say("url", value=facts.url or voice.say("url.unknown"))
    yield from voice.optional("origin", _origin(voice, facts.origin))
    yield from voice.optional("original", facts.original_url)
    yield from voice.optional("read_at", facts.read_at if facts.read_at != facts.url else "")
    yield from voice.optional("authors", voice.say("list").join(facts.authors))
    yield from voice.optional("account", facts.account)
    yield voice.say("result", outcome=_result(voice, facts))
    yield from _first_sight(voice, facts)
    yield from _dates(voice, facts)
    yield from _themes(voice, facts)
    yield from _twins(voice, facts)
    yield from (line for item in facts.versions for line in _version(voice, item))
    yield from _deleted(voice, facts)
    yield from _file(voice, facts)
    yield from _attempts(voice, facts, waiting)


def _origin(voice: Voice, origin: str) -> str:
    """What is crawled needs no word."""
    return "" if origin == "crawl" else voice.word("origin", origin)


def _result(voice: Voice, facts: Explanation) -> str:
    ended = voice.say("ended", time=voice.time(facts.ended), run=facts.ended_run) if facts.ended else ""
    reason = voice.say("reason", reason=voice.reason(facts.reason)) if facts.reason else ""
    return voice.outcome(facts.outcome) + ended + reason


def _first_sight(voice: Voice, facts: Explanation) -> Iterator[str]:
    backlog = voice.say("backlog") if facts.backlog else ""
    time, run = voice.time(facts.first_seen), facts.first_run
    yield voice.say("first_sight", time=time, run=run, endpoint=facts.announced_by, backlog=backlog)
    for seen in facts.sightings:
        first, last = voice.time(seen.first_seen), voice.time(seen.last_seen)
        if seen.url != facts.announced_by or seen.source != facts.source:
            yield voice.say("sighting", source=seen.source, url=seen.url, first=first, last=last)
        elif seen.last_seen != seen.first_seen:
            yield voice.say("sighting.same", last=last)


def _dates(voice: Voice, facts: Explanation) -> Iterator[str]:
    if facts.published is None:
        yield voice.say("published.unknown")
    else:
        yield voice.say("published", dating=voice.dating(facts.published))
    for dating in facts.datings:
        if dating != facts.published:
            yield voice.say("dating.other", dating=voice.dating(dating))


def _themes(voice: Voice, facts: Explanation) -> Iterator[str]:
    """Those that took it first; those of which nothing was found in one line."""
    verdicts = sorted(facts.verdicts, key=lambda item: (item.theme not in facts.themes, -item.score))
    told = [item for item in verdicts if item.hits or item.score or item.unasked or item.theme in facts.themes]
    for verdict in told:
        yield _theme(voice, verdict, is_taken=verdict.theme in facts.themes)
        yield from (_hit(voice, hit) for hit in verdict.hits)
        yield from (voice.say("theme.unasked", term=written) for written in verdict.unasked)
    rest = len(verdicts) - len(told)
    if rest:
        yield voice.say("themes.rest" if told else "themes.none", count=rest)


def _theme(voice: Voice, verdict: ThemeVerdict, *, is_taken: bool) -> str:
    state = "theme.on" if verdict.on_theme else "theme.seed" if is_taken else "theme.off"
    veto = voice.say("theme.veto", term=verdict.vetoed_by) if verdict.vetoed_by else ""
    facts = {"theme": verdict.theme, "score": verdict.score, "floor": verdict.floor}
    return voice.say("theme", **facts, state=voice.say(state), veto=veto)


def _hit(voice: Voice, hit: TermHit) -> str:
    facts = {"term": hit.term, "count": hit.count, "weight": hit.weight, "excerpt": hit.excerpt}
    return voice.say("hit", field=voice.word("field", hit.field), **facts)


def _twins(voice: Voice, facts: Explanation) -> Iterator[str]:
    if facts.copy_of is not None:
        yield voice.say("copy_of", twin=_twin(voice, facts.copy_of))
    for twin in facts.copies:
        yield voice.say("copied_by", twin=_twin(voice, twin))


def _twin(voice: Voice, twin: Twin) -> str:
    source = voice.say("comma").join(filter(None, (twin.source, _origin(voice, twin.origin))))
    level = voice.word("level", twin.level)
    facts = {"title": twin.title, "entry": twin.entry, "measure": twin.measure, "url": twin.url}
    return voice.say("twin", source=source, level=level, **facts).rstrip()


def _version(voice: Voice, item: LaterVersion) -> Iterator[str]:
    removed, added = changed_clauses(item.diff)
    told = voice.say("version.diff", removed=removed, added=added) if item.diff else voice.say("version.no_diff")
    yield voice.say("version", time=voice.time(item.seen), number=item.number, told=told)
    yield from (f"    {line}" for line in item.diff.splitlines())


def _deleted(voice: Voice, facts: Explanation) -> Iterator[str]:
    if facts.deleted_at is not None:
        yield voice.say("deleted", time=voice.time(facts.deleted_at), why=voice.reason(facts.deleted_why))
    if facts.revisit_at is not None:
        yield voice.say("revisit", time=voice.time(facts.revisit_at))


def _file(voice: Voice, facts: Explanation) -> Iterator[str]:
    if facts.kept_at is not None:
        yield voice.say("kept_at", time=voice.time(facts.kept_at), extractor=facts.extractor)
    if facts.expired is not None:
        yield voice.say("expired", time=voice.time(facts.expired))
    if facts.path:
        yield voice.say("file" if facts.filed else "file.unwritten", path=facts.path)


def _attempts(voice: Voice, facts: Explanation, waiting: Waiting | None) -> Iterator[str]:
    if facts.attempts or facts.last_error:
        error = voice.reason(facts.last_error) if facts.last_error else voice.say("none")
        yield voice.say("attempts", attempts=facts.attempts, error=error)
    if waiting is not None:
        yield _waiting(voice, facts, waiting)


def _waiting(voice: Voice, facts: Explanation, waiting: Waiting) -> str:
    if waiting.until is not None:
        when = voice.say("waiting.not_before", time=voice.time(waiting.until))
    else:
        when = voice.say("waiting.next_run" if waiting.because is Because.NEXT_RUN else "waiting.never")
    why = voice.say(f"because.{waiting.because.value}", source=facts.source, host=waiting.host)
    return voice.say("waiting", when=when, why=why)
