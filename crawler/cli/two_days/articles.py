"""What went wrong with articles: each that is odd by the newsroom's account, and how its entry ended."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from crawler.cli.two_days.account import Account, FaultTold, announced_to
from crawler.cli.two_days.fates import Fate
from crawler.newsroom import Publication
from crawler.outcomes import Outcome
from crawler.urls import article_key

_OFF = "off"
_Ending = tuple[str, bool]  # how it ended, and whether that is right

ARTICLE_FAULTS = {
    "captcha": "a captcha before the page",
    "block_page": "a firewall's refusal at status 200",
    "login": "a page behind a login",
    "paid": "a piece behind a paywall",
    "print": "a page that robots.txt forbids",
    "no_backup": "a piece that stands only where robots.txt forbids it",
    "none_body": "a mirror's file that says None",
    "empty": "a mirror's file of no bytes",
    "stub": "a mirror's file with the title alone",
    "fullscreen": "a post that only scripts load",
    "video": "a video without text",
    "missing": "a link to a file that is not there",
    "gone": "a page that is no longer there",
    "moved_to_charity": "a page that leads to another subject",
    "withdrawn": "a portal's message that the piece is gone",
    "deleted": "a publisher's message that it was deleted",
    "violated": "a message that the piece broke the rules",
    "server_error": "503 twice, and Retry-After",
    "rate_567": "567: too many requests",
    "deleted_later": "a piece deleted a day after it was kept",
    "spun": "a copy in other words (洗稿)",
    "edited": "a copy whose page has a few words more",
    "reprint": "a copy, word for word",
}
"""By the newsroom's word: what a reader of the table is told. The last is no word of it: copies with no other."""

_COPIES = frozenset(("edited", "reprint"))


def article_faults(account: Account) -> Iterator[FaultTold]:
    """A line for each kind of fault, in the order of ARTICLE_FAULTS; two where not all came out alike."""
    told: dict[str, list[FaultTold]] = {}
    announced = announced_to(account.newsroom, account.config, account.lived.end)
    stale = {key for key, fate in account.fates.items() if fate.outcome == Outcome.STALE}  # nothing strikes those
    originals = {one.key for one in announced if not one.ends} - stale
    for one in announced:
        fate = account.fates.get(one.key)
        word = _word(one, originals)
        if word and one.key not in stale:
            told.setdefault(word, []).append(_article_fault(account, one, word, fate))
    for word in ARTICLE_FAULTS:
        yield from _together(told.get(word, []))


def _word(one: Publication, originals: AbstractSet[str]) -> str:
    """The oddest thing about it by the newsroom's account, or "": nothing is, or it copies what could not be read."""
    word = next((word for word in ARTICLE_FAULTS if word in one.traits), "reprint")
    return "" if word in _COPIES and (one.copy_of not in originals or one.theme == _OFF) else word


def _article_fault(account: Account, one: Publication, word: str, fate: Fate | None) -> FaultTold:
    ended, is_right = _come_out(account, one, word, fate)
    return FaultTold(fault=word, what=ARTICLE_FAULTS[word], url=one.url, times=1, ended=ended, is_right=is_right)


def _come_out(account: Account, one: Publication, word: str, fate: Fate | None) -> _Ending:
    if fate is None or fate.outcome is None:
        return ("pending" if fate else "never found"), False
    return _ENDINGS.get(word, _as_announced)(account, one, fate)


def _as_announced(account: Account, one: Publication, fate: Fate) -> _Ending:
    if one.ends:
        return f"{fate.outcome}", fate.outcome == one.ends
    read = {Outcome.OFF_THEME} if one.theme == _OFF else {Outcome.KEPT, Outcome.COPY}
    return f"{fate.outcome}, at a later try", fate.outcome in read


def _deleted(account: Account, one: Publication, fate: Fate) -> _Ending:
    changes = (change for day in account.digests for change in day.changed)
    is_told = any(change.is_deleted and article_key(change.url) == one.key for change in changes)
    is_right = fate.outcome == Outcome.KEPT and fate.deleted and is_told
    return ("kept, then withheld; told in the digest" if is_right else f"{fate.outcome}"), is_right


def _spun(account: Account, one: Publication, fate: Fate) -> _Ending:
    lines = (line for day in account.digests for section in day.sections for line in section.lines)
    is_right = fate.stands_under is None and any(line.entry == fate.entry for line in lines)
    return ("a line of its own, until reworded copies are judged" if is_right else f"{fate.outcome}"), is_right


def _folded(account: Account, one: Publication, fate: Fate) -> _Ending:
    original = account.fates.get(one.copy_of)
    is_right = original is not None and fate.group == original.group
    return ("folded under one line" if is_right else f"{fate.outcome}"), is_right


def _edited(account: Account, one: Publication, fate: Fate) -> _Ending:
    return "a line of its own, until near copies are judged", fate.outcome == Outcome.KEPT


_ENDINGS = {"deleted_later": _deleted, "spun": _spun, "reprint": _folded, "edited": _edited}


def _together(told: Sequence[FaultTold]) -> Iterator[FaultTold]:
    """One line for all that came out alike, another for what did not."""
    alike: dict[tuple[str, bool], FaultTold] = {}
    for one in told:
        same = alike.get((one.ended, one.is_right))
        alike[one.ended, one.is_right] = replace(same, times=same.times + 1) if same else one
    yield from alike.values()
