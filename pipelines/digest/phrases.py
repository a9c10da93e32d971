"""What a digest says in its own words, in its language and its zone. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Language
from crawler.items import Precision
from crawler.moments import in_zone
from crawler.outcomes import Outcome
from crawler.text import clean
from pipelines.digest.causes import told_in_chinese
from pipelines.digest.model import Digest, Line, Reason
from pipelines.digest.words import WORDS

_TWO_DAYS = 48  # hours; a shorter span is told in hours


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """The words of one digest in one format.

    `form` is the format's kind of text, whose `format` fills values in; `shown` makes text from outside harmless there.
    """

    language: Language
    zone: ZoneInfo
    form: Callable[[str], str]
    shown: Callable[[str], str]

    def __call__(self, key: str, n: float | None = None, **values: object) -> str:
        """The text of this key; `n` chooses between one and many."""
        forms = WORDS[self.language][key].split("|")
        text = forms[0] if n == 1 else forms[-1]
        return self.form(text).format(n=f"{n:.3g}" if isinstance(n, float) else n, **values)

    def titled(self, title: str) -> str:
        """The title; where there is none to see, words that say so."""
        return title if clean(title) else WORDS[self.language]["untitled"]

    def time(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def dated(self, line: Line) -> str:
        """When an article was published, as exactly as is known, or when it was kept."""
        if line.published is None:
            return self("kept_at", time=self.time(line.kept_at))
        if line.published.precision is Precision.DAY:
            return line.published.at.date().isoformat()
        if line.published.precision is Precision.HOUR:
            local = line.published.at.astimezone(self.zone)
            return self("hour", day=local.date().isoformat(), hour=f"{local:%H}")
        return self.time(line.published.at)

    def period(self, digest: Digest) -> str:
        return self("period", since=self.time(digest.cut_from), until=self.time(digest.cut_to), zone=digest.timezone)

    def span(self, hours: float) -> str:
        """A span of time, in hours below two days."""
        return self("days", n=hours / 24) if hours >= _TWO_DAYS else self("hours", n=float(hours))

    def reasons(self, reasons: Iterable[Reason]) -> str:
        told = []
        for reason in reasons:
            terms = [self.form("“{}”").format(self.shown(term)) for term in reason.terms]
            told.append(self("field_" + reason.field) + self("between_terms").join(terms))
        return self.form(self("separator")).join(told)

    def outcome(self, name: str) -> str:
        return self("outcome_" + name)

    def legend(self, outcomes: Iterable[str]) -> str:
        """The outcomes that are called otherwise here than in every other place of presswatch; empty without any."""
        pairs = [f"{self.outcome(name)} {name}" for name in outcomes if self.outcome(name) != name]
        return self("legend", names=self.form(" · ".join(pairs))) if pairs else ""

    def cause(self, cause: str) -> str:
        """Why a source failed, as the books have it, which are written in English and in UTC."""
        told = in_zone(cause, self.zone)
        return self.shown(told_in_chinese(told) if self.language is Language.ZH_CN else told)


def outcomes_told(digest: Digest) -> list[str]:
    """A column of zeros says nothing and makes the table too wide for a telephone."""
    return [item.value for item in Outcome if any(line.outcomes[item.value] for line in digest.books.lines)]
