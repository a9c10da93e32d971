"""What extraction made of a page, as a person reads it, in Chinese or English. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from crawler.cli.extracted import Evidence, Explained, Extracted
from crawler.cli.extracted_words import WORDS
from crawler.items import Dating
from crawler.text import one_line
from pipelines.archive.explain_text import Voice


def text_for_person(found: Extracted, voice: Voice) -> str:
    """A fact a line, then the Markdown; no text from outside makes a line of its own above it.

    `voice`: tells dates and reasons as explain does.
    """
    return _Teller(voice=voice).page(found)


@dataclass(frozen=True, kw_only=True)
class _Teller:
    voice: Voice

    def say(self, message: str, /, **facts: Any) -> str:
        return one_line(WORDS[self.voice.language][message].format(**facts))

    def page(self, found: Extracted) -> str:
        lines = [
            one_line(found.title) or self.say("untitled" if found.text else "no_article"),
            self._outcome(found),
            self.say("url", value=one_line(found.url or "") or self.say("unknown")),
            *(self._facts(found) if found.text else ()),
            *(self._how(found, found.explained) if found.explained else ()),
        ]
        # The body keeps its lines, but nothing in it may steer a terminal.
        body = "\n".join(map(one_line, found.markdown.split("\n")))
        return "\n".join(lines) + (f"\n\n{body}" if body else "")

    def _outcome(self, found: Extracted) -> str:
        if not found.reason:
            return self.say("outcome", outcome=found.outcome)
        return self.say("outcome.reason", outcome=found.outcome, reason=self.voice.reason(found.reason))

    def _facts(self, found: Extracted) -> Iterator[str]:
        yield self.say("published", value=self._date(found))
        yield self.say("authors", value=self._list(found.authors) or self.say("unknown"))
        if found.account:
            yield self.say("account", value=found.account)
        yield self.say("language", value=one_line(found.language) or self.say("unknown"))
        yield self.say("images", value=len(found.images))
        yield from (f"  {one_line(image)}" for image in found.images)

    def _date(self, found: Extracted) -> str:
        if found.published is None:
            return self.say("published.unknown")
        return self._told(found.published_evidence[0])

    def _told(self, evidence: Evidence) -> str:
        return one_line(self.voice.dating(Dating(**asdict(evidence))))

    def _how(self, found: Extracted, how: Explained) -> Iterator[str]:
        rules = self.say("rules.of_source", source=how.source, kind=how.kind) if how.source else ""
        yield self.say("rules", value=rules or self.say("rules.general"), chosen=self.say(f"chosen.{how.chosen}"))
        yield self.say("site", value=how.site or self.say("site.unknown"))
        yield self.say("encoding", value=how.encoding or self.say("unknown"))
        if how.body_not_found:
            yield self.say("body_not_found", value=self._list(how.body_not_found))
        yield self.say("extractor", value=found.extractor or self.say("extractor.none"))
        for number, evidence in enumerate(found.published_evidence):
            chosen = number == 0 and found.published is not None
            yield self.say("date.chosen" if chosen else "date", value=self._told(evidence))

    def _list(self, names: tuple[str, ...]) -> str:
        return self.say("list").join(map(one_line, names))
