"""The publisher's word that a page must not be kept: which words it has, where they count, and what comes of it."""

import gzip

import pytest
from rig import Answer, article_page, feed

from crawler.fetch.failures import Failure
from crawler.noarchive import forbids_archiving, page_forbids_archiving

ORIGIN = "https://alpha.example"


@pytest.mark.parametrize(
    ("values", "forbids"),
    [
        (["noarchive"], True),
        (["NoArchive"], True),
        (["noindex, noarchive"], True),
        (["nofollow,noarchive,nosnippet"], True),
        (["nofollow noarchive"], True),
        (["nofollow", "noarchive"], True),  # several headers
        (["presswatch: noarchive"], True),
        (["otherbot: noarchive"], True),  # who does not want others to keep it does not want us to
        (["otherbot: noindex, noarchive"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noarchive"], True),
        # of what a public search engine shows
        (["noindex"], False),
        (["noindex, follow"], False),  # WordPress on every feed
        (["none"], False),
        (["nosnippet, max-snippet:0, notranslate"], False),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST"], False),
        (["unavailable_after: Sunday, 25-Jun-10 15:00:00 UTC"], False),
        (["unavailable_after: 2010-06-25T15:00:00+08:00"], False),
        (["all"], False),
        (["archive"], False),
        (["xnoarchive, no-archive, noarchived"], False),
        ([""], False),
        ([], False),
    ],
)
@pytest.mark.parametrize("name", ["X-Robots-Tag", "x-robots-tag"])
def test_what_a_header_and_a_meta_tag_say_is_one_rule(values, forbids, name):
    headers = [("Content-Type", "text/html"), *((name, value) for value in values)]
    assert forbids_archiving(headers) is forbids
    tags = "".join(f'<meta name="robots" content="{value}">' for value in values)
    assert page_forbids_archiving(article_page("题", head=tags).encode()) is forbids


def test_another_header_is_not_asked():
    assert not forbids_archiving([("X-Robots", "noarchive"), ("Cache-Control", "noarchive")])


@pytest.mark.parametrize(
    ("head", "forbids"),
    [
        ("<META NAME=ROBOTS CONTENT=NOARCHIVE>", True),
        ("<meta content='index,NOARCHIVE' name='robots' />", True),
        ('<meta\n  data-x="1"\n  name = "robots"\n  content = "noarchive"\n>', True),
        ('<meta name="presswatch" content="noarchive">', True),
        ('<meta name="googlebot" content="noarchive">', True),
        ('<meta name="Baiduspider" content="noarchive">', True),
        ('<meta name="robots" content="index"><meta name="robots" content="noarchive">', True),
        ('<meta name="robots" content="index"><p>noarchive', False),
        ('<meta name="description" content="noarchive, and why robots">', False),
        ('<meta name="robots.txt" content="noarchive">', False),
        ('<meta name="robotsx" content="noarchive">', False),
        ('<meta property="og:title" content="noarchive" data-name="robots">', False),
        ('<!-- <meta name="robots" content="noarchive"> -->', False),
        ('<meta name="robots" content="index" data-old="noarchive">', False),
        ('</head><body><div><meta name="robots" content="noarchive">', False),
        ('<!-- never closed <meta name="robots" content="noarchive">', True),
        ("noarchive" + "<meta " * 1_000_000, False),
        ("<!-- noarchive" * 300_000, False),
        ("<!-- noarchive -->" * 200_000, False),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "gbk", "utf-16", "utf-16-be"])
def test_where_on_a_page_it_counts(head, forbids, charset):
    assert page_forbids_archiving(article_page("机器人", head=head).encode(charset)) is forbids


def meta(content="noarchive"):
    return f'<meta name="robots" content="{content}">'


HEADER = {"X-Robots-Tag": "noarchive"}
PAGE = article_page("机器人进厂", head=meta())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(Answer(article_page("机器人进厂"), headers=HEADER), "refused", id="header"),
        pytest.param(Answer(PAGE), "refused", id="meta"),
        pytest.param(
            Answer(PAGE.replace('charset="utf-8"', 'charset="gbk"').encode("gbk")), "refused", id="meta in GBK"
        ),
        pytest.param(Answer(PAGE.encode("utf-16")), "refused", id="meta in UTF-16"),
        pytest.param(
            Answer(gzip.compress(PAGE.encode()), headers={"Content-Encoding": "gzip"}), "refused", id="meta, compressed"
        ),
        pytest.param(Answer(article_page("机器人进厂"), headers={"X-Robots-Tag": "noindex"}), "kept", id="noindex"),
        pytest.param(Answer(article_page("机器人进厂", head=meta("none"))), "kept", id="none"),
    ],
)
def test_a_page_that_must_not_be_kept_leaves_title_and_link_alone(rig, site, answer, outcome):
    site.routes["alpha.example/feed"] = Answer(feed(f"{ORIGIN}/a"), headers={"X-Robots-Tag": "noindex, follow"})
    site.routes["alpha.example/a"] = answer
    rig.crawl()
    assert rig.outcomes() == {"a": outcome}
    captured = {url for [url] in rig.query("SELECT url FROM capture")}
    assert captured == {f"{ORIGIN}/feed", *([f"{ORIGIN}/a"] if outcome == "kept" else [])}
    assert len(rig.files()) == (outcome == "kept")
    assert rig.query("SELECT count(*) FROM article") == [(int(outcome == "kept"),)]
    assert rig.query("SELECT title, url FROM entry") == [("机器人消息1", f"{ORIGIN}/a")]


def test_a_mirrors_markdown_file_has_but_its_header_to_say_it(rig, site):
    text = "# 机器人进厂\n\n" + "这台机器人今天第一次走进了工厂的装配线。\n\n" * 9
    site.routes["alpha.example/feed"] = Answer(feed(f"{ORIGIN}/a.md", f"{ORIGIN}/b.md"))
    site.routes["alpha.example/a.md"] = Answer(text, headers=HEADER | {"Content-Type": "text/markdown"})
    site.routes["alpha.example/b.md"] = Answer(text + meta(), headers={"Content-Type": "text/markdown"})
    rig.crawl()
    assert rig.outcomes()["a.md"] == "refused"
    assert Failure.ROBOTS not in str(rig.query("SELECT reason FROM entry"))
