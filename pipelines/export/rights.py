"""What of an article may be shown beyond the operator's own machine. Pure."""

from dataclasses import dataclass, replace

from crawler.config.models import Config, Rights
from crawler.items import Origin
from crawler.text import clean
from pipelines.markdown import escaped
from pipelines.sentences import lead_of

EXCERPT_CHARACTERS = 200  # design section 14
# An excerpt is taken from the beginning: a text of megabytes need not be read to its end.
_LOOKED_AT = 4000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The parts of an article that its source's rights are about."""

    title: str
    text: str  # a paragraph a line
    markdown: str
    images: tuple[str, ...] = ()
    thumbnail: str = ""


def rights_of(config: Config, source: str, origin: Origin) -> Rights:
    """Those of the source, of one config no longer knows the least. A seed is a file of the operator's own: full."""
    if origin is Origin.SEED:
        return Rights.FULL
    known = config.source(source)
    return known.rights if known else Rights.HEADLINE


def within(rights: Rights, whole: Shown) -> Shown:
    """What `rights` allow of the `whole`.

    Short of `full`, a title of more than 200 characters is cut: some messages have no other text.
    """
    if rights is Rights.FULL:
        return whole
    text = excerpt(whole.text, title=whole.title) if rights is Rights.EXCERPT else ""
    title = _cut(whole.title)
    return replace(whole, title=title, text=text, markdown=escaped(text), images=(), thumbnail="")


def excerpt(text: str, *, title: str = "") -> str:
    """The first whole sentences that fit into 200 characters; where not one fits, as much as does, and "…"."""
    beginning = text[:_LOOKED_AT]
    lead = lead_of(beginning, title=title, sentences=EXCERPT_CHARACTERS, limit=EXCERPT_CHARACTERS)
    return clean(lead) or _cut(clean(beginning))


def _cut(text: str) -> str:
    return text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1].rstrip() + "…"
