"""The Markdown file behind a docsify page, a WeChat mirror's above all, to an article."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from crawler.bounds import TooMuchError
from crawler.charsets import decode
from crawler.config.models import Source
from crawler.items import Article, Ended, Page
from crawler.outcomes import Outcome
from crawler.text import clean
from crawler.urls import article_key
from pipelines.extract.boilerplate import without_boilerplate
from pipelines.extract.bounds import check_markdown
from pipelines.extract.dates import choose_date
from pipelines.extract.no_text import no_text
from pipelines.extract.plain import linked_images, plain_text
from pipelines.extract.repair import repair_markdown

EXTRACTOR = "docsify 2"

_TITLE = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]*)\n?")
_BACK_LINK = re.compile(r"\A\s*\[\*{0,2}返回列表页\*{0,2}\]\(/gzh/(?P<account>[^)\s]*)\)[^\n]*\n?")
_NOTICE = re.compile(r"\A\s*((?:公众号【[^】\n]*】备份|小懒自动备份)，仅供查阅学习)[^\n]*\n?")
_HTML = re.compile(rb"\A\s*(?:<!doctype|<html|<head|<\?xml)", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_RELATIVE_ADDRESS = re.compile(r"(?<=\]\()(?![a-z][a-z+.-]*:|#)[^()\s]+", re.IGNORECASE)
# What is left of a text that is sold: the beginning, and how long the whole is.
_TEASER = re.compile(r"全文(?:约|共|近)?[一二三四五六七八九十百千万两\d.]{1,8}字|付费(?:阅读|文章|内容)")
_LONGEST_TEASER = 120
_STUB_LINE = re.compile(r"[ \t]*(?:__[ \t]*资源分享[^\n]*|\d{4}-\d\d-\d\d \d\d:\d\d[ ,，]*|[ ,，]+)")
_SHORTEST_TEXT = 40


@dataclass(frozen=True, kw_only=True)
class MirrorFile:
    """An article file taken apart."""

    title: str
    account: str
    noticed: bool  # it carries the line that calls it a mirror's backup
    body: str


def extract_docsify(page: Page, source: Source) -> Article | Ended:
    """The article in a docsify Markdown file; how the entry ended for stubs, teasers, failed backups, soft 404s."""
    text, _ = decode(page.body, page.content_type, source.charset)
    if looks_like_html(page.body):
        return no_text(page, "the answer is an HTML page where a Markdown file was expected")
    try:
        check_markdown(text)
    except TooMuchError as error:
        return no_text(page, f"the file has {error}, as no article has")
    file = take_apart(_FRONT_MATTER.sub("", text.replace("\r\n", "\n")))
    markdown = article_markdown(file)
    if is_teaser(markdown):
        reason = "a paywall: the beginning of a text that is sold"
        return Ended(pending=page.pending, outcome=Outcome.BLOCKED, reason=reason, at=page.fetched_at)
    fault = fault_of(file, markdown)
    if fault:
        return no_text(page, fault)
    return _article(page, source, file, _whole_addresses(markdown, page.url))


def looks_like_html(body: bytes) -> bool:
    return _HTML.match(body.removeprefix(b"\xef\xbb\xbf")) is not None


def is_teaser(markdown: str) -> bool:
    """Whether an article's Markdown is only the beginning of one that is sold."""
    text = plain_text(markdown)
    return 0 < _letters(text) <= _LONGEST_TEASER and _TEASER.search(text) is not None


def _whole_addresses(markdown: str, url: str) -> str:
    """Links and pictures of the file as the addresses they stand for; routes of the site stay routes."""
    return _RELATIVE_ADDRESS.sub(lambda found: urljoin(url, found[0]), markdown)


def take_apart(text: str) -> MirrorFile:
    """Title, account and body of an article file, as far as they are there; its line ends are those of Unix."""
    title, text = _take(_TITLE, text)
    account, text = _take(_BACK_LINK, text)
    noticed, text = _take(_NOTICE, text)
    return MirrorFile(title=clean(title), account=clean(account), noticed=bool(noticed), body=text.strip())


def article_markdown(file: MirrorFile) -> str:
    """The article in the file: repaired, without the title told again and without what stands round every article."""
    return without_boilerplate(repair_markdown(_without_second_title(file)))


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """What the pattern's group holds at the beginning of `text`, and the text behind it."""
    match = pattern.match(text)
    if match is None:
        return "", text
    return (match[1] if pattern.groups else ""), text[match.end() :]


def fault_of(file: MirrorFile, markdown: str) -> str:
    """Why the file holds no article, or the empty string; `markdown` is what `article_markdown` made of it."""
    if not file.body:
        return "the file has no body"
    if file.body == "None":
        return "the mirror's backup failed: its body is the word None"
    rest = _without_second_title(file)
    left = "\n".join(line for line in rest.split("\n") if not _STUB_LINE.fullmatch(line))
    if rest != file.body and _letters(plain_text(left)) < _SHORTEST_TEXT:
        return "a stub: the title twice and next to nothing below it"
    letters = _letters(plain_text(markdown))
    if letters < _SHORTEST_TEXT:
        return f"{letters} characters of text, at least {_SHORTEST_TEXT} are expected"
    return ""


def _without_second_title(file: MirrorFile) -> str:
    """The body less a first heading that only says the title again, spelt a little differently perhaps."""
    second, rest = _take(_TITLE, file.body)
    same = second and _letters_of(second) == _letters_of(file.title)
    return rest.strip() if same else file.body


def _letters_of(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _letters(text: str) -> int:
    return len(_letters_of(text))


def _article(page: Page, source: Source, file: MirrorFile, markdown: str) -> Article:
    entry = page.pending.entry
    published, datings = choose_date((entry.published,) if entry.published else (), page.pending.first_seen)
    return Article(
        pending=page.pending,
        url=page.url,
        final_key=article_key(page.url),
        fetched_at=page.fetched_at,
        title=_title(clean(entry.title), file),
        text=plain_text(markdown),
        markdown=markdown,
        authors=entry.authors,
        account=file.account,
        published=published,
        datings=datings,
        language=source.language,
        images=linked_images(markdown),
        extractor=EXTRACTOR,
        etag=page.header("ETag"),
        last_modified=page.header("Last-Modified"),
    )


def _title(announced: str, file: MirrorFile) -> str:
    """A mirror's list has the title as its account wrote it; the links of another site may say anything."""
    from_mirror = file.noticed or file.account
    return (announced or file.title) if from_mirror else (file.title or announced)
