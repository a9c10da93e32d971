"""What every source file that is shipped must say, beyond what its model asks for."""

import re
from datetime import timedelta

import pytest

from crawler.config.load import load_config
from crawler.config.models import Kind, Reader, Rights
from crawler.config.places import shipped_config

SOURCES = {source.name: source for source in load_config(shipped_config(), environ={}).sources}
FILES = sorted((shipped_config() / "sources").glob("*.yaml"), key=lambda file: file.name)
SITES = {Kind.QQ, Kind.IYIOU, Kind.WECHAT_MIRROR, Kind.DISCUZ}
each_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_first_line_says_that_nobody_has_proven_it(file):
    assert re.match("# (Not proven live: .+|An example, no source: .+)", file.read_text(encoding="utf-8"))


@each_source
def test_rights_and_terms_are_told_and_nothing_is_claimed(source):
    assert source.rights in {Rights.EXCERPT, Rights.HEADLINE}
    assert source.terms.read is None
    assert len(source.terms.note) > 40
    assert source.title


@each_source
def test_a_source_is_asked_gently(source):
    assert source.politeness.delay >= timedelta(seconds=2)
    assert source.politeness.concurrency == 1
    assert all(point.every == "adaptive" or point.every >= timedelta(minutes=30) for point in source.endpoints)


@each_source
def test_what_is_not_crawled_says_why_and_only_that(source):
    assert source.enabled == (not source.disabled_because)


@each_source
def test_its_articles_are_told_from_its_other_pages(source):
    assert source.articles.url is not None or source.kind in SITES


@each_source
def test_a_header_names_no_client_and_no_session(source):
    assert {name.lower() for name in source.headers} <= {"referer", "accept-language"}


def test_sixteen_further_sources_and_every_kind_of_list_are_shown():
    further = [source for source in SOURCES.values() if source.kind not in SITES]
    assert len([source for source in further if source.enabled]) >= 16
    readers = {point.kind for source in SOURCES.values() for point in source.endpoints}
    assert readers >= {Reader.FEED, Reader.SITEMAP, Reader.LISTING, Reader.JSON, Reader.MIRROR}
    assert {source.kind for source in SOURCES.values()} >= SITES
