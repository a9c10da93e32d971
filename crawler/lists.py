"""The answer of an endpoint → what it announces, by the endpoint's kind. Pure."""

from dataclasses import replace

from crawler.allowance import TooSlowError, in_all
from crawler.asking import reader_of
from crawler.config.models import Endpoint, EntryRules, Pages, Reader, Source
from crawler.config.slow import told_of
from crawler.docsify import parse_docsify_list, parse_mirror_index, parse_mirror_list
from crawler.feeds import parse_feed
from crawler.items import Announced, Answer, PollFaultError
from crawler.json_lists import parse_json_list
from crawler.listings import parse_listing
from crawler.sitemaps import parse_sitemap

# What stands behind the lists that a list names.
_INNER = {Reader.MIRROR_INDEX: Reader.MIRROR}


def read_list(source: Source, endpoint: Endpoint, answer: Answer) -> Announced:
    """What the answer announces, less the articles its source does not want.

    Raises:
        PollFaultError: the answer is not what the endpoint's kind promises, or an expression of the config took too
            long over it.
    """
    try:
        with in_all():
            return _less_unwanted(source, _read(source, endpoint, answer))
    except TooSlowError as error:
        raise PollFaultError(told_of(source, error)) from error


def _less_unwanted(source: Source, read: Announced) -> Announced:
    wanted = [source.articles.wants(entry.url) for entry in read.entries]
    return replace(
        read,
        entries=tuple(entry for entry, is_wanted in zip(read.entries, wanted, strict=True) if is_wanted),
        unwanted=tuple(entry.url for entry, is_wanted in zip(read.entries, wanted, strict=True) if not is_wanted),
    )


def inner_endpoint(source: Source, endpoint: Endpoint, url: str) -> Endpoint:
    """The endpoint of a list that `endpoint` names: polled as often, read as what it is."""
    reader = reader_of(source, endpoint)
    return endpoint.model_copy(update={"url": url, "kind": _INNER.get(reader, reader)})


def _read(source: Source, endpoint: Endpoint, answer: Answer) -> Announced:
    reader = reader_of(source, endpoint)
    if reader in {Reader.LISTING, Reader.JSON}:
        rules = endpoint.entries or source.entries
        if rules is None:
            raise LookupError(f"{endpoint.url}: a {reader} without entries, which the config check refuses")
        return _by_rules(reader, answer, rules, endpoint.pages or Pages())
    match reader:
        case Reader.SITEMAP:
            return parse_sitemap(answer)
        case Reader.DOCSIFY:
            return parse_docsify_list(answer)
        case Reader.MIRROR:
            return parse_mirror_list(answer)
        case Reader.MIRROR_INDEX:
            return parse_mirror_index(answer)
        case _:
            return parse_feed(answer.body, _feed_type(answer), answer.url)


def _by_rules(reader: Reader, answer: Answer, rules: EntryRules, pages: Pages) -> Announced:
    return (parse_listing if reader is Reader.LISTING else parse_json_list)(answer, rules, pages)


def _feed_type(answer: Answer) -> str:
    return f"application/xml; charset={answer.charset}" if answer.charset else answer.content_type
