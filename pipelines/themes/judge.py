"""Which themes an article belongs to, by the themes' words."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from crawler.allowance import in_all
from crawler.config.models import Theme
from crawler.items import Article, TermHit, ThemeVerdict
from pipelines.themes.words import FoldedText, Found, Term, Unasked, expression, find_terms, word

LEAD = 200  # characters of the body that count as its lead

_TITLE_WEIGHT = 3.0
_LEAD_WEIGHT = 2.0
_BODY_WEIGHT = 0.5  # for one occurrence in each thousand characters
_TERM_IN_BODY = 1.0  # at most, however often it occurs
_BODY_TOTAL = 3.0  # at most, for all terms together
_SHORTEST_BODY = 1000  # a shorter one counts as this long, or one word in a flash would be dense


@dataclass(frozen=True, kw_only=True)
class _CompiledTheme:
    theme: Theme
    terms: tuple[Term, ...]
    required: tuple[Term, ...]
    excluded: tuple[Term, ...]


class Judge:
    """Judges articles on every theme. The terms are compiled once.

    score = Σ over terms: 3.0 when it is in the title
                        + 2.0 when it is in the lead
                        + min(1.0, 0.5 x its occurrences per 1,000 characters of body)
    with the body's part at most 3.0 in all, and a body under 1,000 characters counted as 1,000. A hit in title or
    lead counts once however often the term stands there.

    Why: a word in a headline tells what the article is about (precision .98 where it was measured), a word
    somewhere in a long text tells nothing (a quarter of all off-theme articles hold one), words per 1,000 characters
    do (AUC .984). So with the floor of 3.0 a title suffices, one stray word never does, and a body alone only when
    at least three terms run through it.

    A term that lies inside a longer term's match is not counted again. A verdict is vetoed when a term of `excluded`
    is in title or lead (and not inside a longer term that is looked for: 乘坐火箭 is no 坐火箭), or when `required`
    has terms and none is in title, lead or body.

    An expression of `regex` that takes too long over an article is left out of its theme's verdict, which says so, and
    so is what no time was left for then. Every theme has its own time: none changes what another is judged.
    """

    def __init__(self, themes: Sequence[Theme]) -> None:
        self._themes = tuple(_compiled(theme) for theme in themes)

    def judge(self, title: str, lead: str, text: str, *, without: Collection[str] = ()) -> tuple[ThemeVerdict, ...]:
        """One verdict a theme, in the config's order; the weights of its hits sum to its score.

        `without`: expressions that are not asked, as they have taken too long too often.
        """
        fields = {"title": FoldedText(title), "lead": FoldedText(lead), "body": FoldedText(text)}
        return tuple(_verdict(theme, fields, Unasked(terms=set(without))) for theme in self._themes)

    def judge_article(self, article: Article, *, without: Collection[str] = ()) -> Article:
        """The article with its verdicts; its lead is the announced summary, else the beginning of its text."""
        lead = (article.pending.entry.summary or article.text)[:LEAD]
        return replace(article, verdicts=self.judge(article.title, lead, article.text, without=without))


def _compiled(theme: Theme) -> _CompiledTheme:
    words = theme.words
    return _CompiledTheme(
        theme=theme,
        terms=(*map(word, words.plain), *map(expression, words.regex)),
        required=tuple(map(word, words.required)),
        excluded=tuple(map(word, words.excluded)),
    )


def _verdict(compiled: _CompiledTheme, fields: dict[str, FoldedText], unasked: Unasked) -> ThemeVerdict:
    with in_all():
        hits = (
            *_constant_hits(find_terms(compiled.terms, fields["title"], unasked), "title", _TITLE_WEIGHT),
            *_constant_hits(find_terms(compiled.terms, fields["lead"], unasked), "lead", _LEAD_WEIGHT),
            *_body_hits(find_terms(compiled.terms, fields["body"], unasked), len(fields["body"].written)),
        )
        vetoed_by = _veto(compiled, fields, unasked)
    written = compiled.theme.words.regex
    return ThemeVerdict(
        theme=compiled.theme.name,
        score=sum(hit.weight for hit in hits),
        floor=compiled.theme.floor,
        hits=hits,
        vetoed_by=vetoed_by,
        unasked=tuple(one for one in written if one in unasked.terms),
        slow=tuple(one for one in written if one in unasked.slow),
    )


def _constant_hits(terms: Iterable[Found], field: str, weight: float) -> list[TermHit]:
    return [
        TermHit(term=found.term, field=field, count=found.count, weight=weight, excerpt=found.excerpt)
        for found in terms
    ]


def _body_hits(terms: Iterable[Found], length: int) -> list[TermHit]:
    thousands = max(length, _SHORTEST_BODY) / 1000
    hits = [
        TermHit(
            term=found.term,
            field="body",
            count=found.count,
            weight=min(_TERM_IN_BODY, _BODY_WEIGHT * found.count / thousands),
            excerpt=found.excerpt,
        )
        for found in terms
    ]
    total = sum(hit.weight for hit in hits)
    if total <= _BODY_TOTAL:
        return hits
    return [replace(hit, weight=hit.weight * _BODY_TOTAL / total) for hit in hits]


def _veto(compiled: _CompiledTheme, fields: dict[str, FoldedText], unasked: Unasked) -> str:
    """The excluded term that was found, or the required ones of which none was; else the empty string."""
    excluded = {term.term for term in compiled.excluded}
    for field in ("title", "lead"):
        for found in find_terms((*compiled.terms, *compiled.excluded), fields[field], unasked):
            if found.term in excluded:
                return found.term
    if compiled.required and not any(find_terms(compiled.required, text, unasked) for text in fields.values()):
        return " / ".join(term.term for term in compiled.required)
    return ""
