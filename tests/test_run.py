"""Whole runs over real HTTP: what is asked, what becomes of it, and what a second run does."""

from datetime import timedelta

import pytest
from rig import Answer, article_page, book_of, feed

from crawler.feeds import parse_feed
from crawler.outcomes import Outcome

A, B = "https://alpha.example/a", "https://alpha.example/b"


def test_a_feeds_articles_are_fetched_judged_and_stored(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    site.routes["alpha.example/b"] = Answer(article_page("今日天气", "今天多云转晴，气温回升，适合出门散步。" * 6))
    book = book_of(rig.crawl())
    assert (book.found, book.outcomes[Outcome.KEPT], book.outcomes[Outcome.OFF_THEME], book.balances) == (2, 1, 1, True)
    assert site.hits == ["alpha.example/robots.txt", "alpha.example/feed", "alpha.example/a", "alpha.example/b"]
    assert [path.parts[0] for path in rig.files()] == ["alpha"]


def test_a_second_run_that_is_not_due_asks_nothing(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    rig.crawl()
    before = len(site.hits)
    assert rig.crawl().polls == 0
    assert len(site.hits) == before


def test_nothing_new_costs_one_conditional_request(rig, site):
    etag = '"v1"'
    site.routes["alpha.example/feed"] = lambda request: (
        Answer(status=304) if request.headers.get("If-None-Match") == etag else Answer(feed(A), headers={"ETag": etag})
    )
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    before = len(site.hits)
    report = rig.crawl(poll_now=True)
    assert site.hits[before:] == ["alpha.example/feed"]
    assert (book_of(report).found, book_of(report).requests, report.polls_failed) == (0, 1, 0)


def test_a_304_that_nobody_asked_for_is_a_failure_of_list_and_page(rig, site):
    rig.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = site.routes["alpha.example/a"] = Answer(status=304)
    site.routes["alpha.example/feed"] = Answer(feed(A))
    assert "the server rejects the request: HTTP 304" in book_of(rig.crawl(), "beta").error
    assert rig.query("SELECT outcome, attempts, last_error FROM entry") == [
        (None, 1.0, "the server rejects the request: HTTP 304")
    ]


def test_the_same_body_without_validators_is_not_parsed_again(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert book_of(rig.crawl(poll_now=True)).known == 0
    assert rig.query("SELECT last_outcome FROM endpoint") == [("unchanged",)]


def test_an_article_announced_twice_is_fetched_once(rig, site):
    rig.source("beta", "https://beta.example/feed")
    for host in ("alpha", "beta"):
        site.routes[f"{host}.example/feed"] = Answer(feed(f"{A}?utm_source={host}"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert site.hits.count("alpha.example/a") == 1


def test_an_article_on_another_host_is_fetched_in_the_same_run(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://gamma.example/x"))
    site.routes["gamma.example/x"] = Answer(article_page("机器人进厂"))
    assert book_of(rig.crawl()).outcomes[Outcome.KEPT] == 1
    assert "gamma.example/robots.txt" in site.hits


def test_a_reprint_under_another_title_is_a_copy(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    site.routes["alpha.example/b"] = Answer(article_page("它们来了：机器人走进工厂"))
    rig.crawl()
    assert rig.outcomes() == {"a": "kept", "b": "copy"}


def test_the_same_text_at_two_addresses_is_kept_once_and_folded_once(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    for path in ("a", "b"):
        site.routes[f"alpha.example/{path}"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert rig.outcomes() == {"a": "kept", "b": "copy"}
    assert rig.query("SELECT entry, original, level FROM copy") == [(2, 1, "same_text")]
    assert len(rig.files()) == 2


def test_two_entries_behind_one_address_are_both_read_from_one_request(rig, site):
    rig.source(kind="wechat_mirror", url="https://alpha.example/list.md", articles={"max_age": "3650d"})
    rows = "".join(
        f"- [机器人进厂](http://mp.weixin.qq.com/s?__biz=Mz==&mid={n}&idx=1&sn=x#rd)"
        " |  [备份查看](/backup/机器人进厂)\n"
        for n in (1, 2)
    )
    text = "这台机器人今天第一次走进了工厂的装配线。" * 5
    site.routes["alpha.example/list.md"] = Answer(f"# 【甲】文章列表\n{rows}")
    site.routes["alpha.example/backup/%E6%9C%BA%E5%99%A8%E4%BA%BA%E8%BF%9B%E5%8E%82.md"] = Answer(
        f"# 机器人进厂\n\n[**返回列表页**](/gzh/甲)\n\n小懒自动备份，仅供查阅学习\n\n{text}\n"
    )
    book = book_of(rig.crawl())
    assert (book.found, book.requests) == (2, 3)
    assert (book.outcomes[Outcome.KEPT], book.outcomes[Outcome.COPY]) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(status=404), "gone"),
        (Answer(status=410), "gone"),
        (Answer("<html><body></body></html>"), "no_text"),
        (Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}), "no_text"),
        (Answer(article_page("机器人进厂"), headers={"X-Robots-Tag": "noarchive"}), "refused"),
        (Answer(article_page("机器人进厂", head='<meta name="robots" content="noarchive">')), "refused"),
        (Answer(status=302, headers={"Location": "/"}), "gone"),
        (Answer(status=503), None),
        (Answer(status=403), None),
        (Answer(status=301, headers={"Location": "/a"}), None),
        (Answer(status=302, headers={"Location": "ftp://alpha.example/a"}), "refused"),
        (Answer(status=302, headers={"Location": "http://user:pw@alpha.example/b"}), "refused"),
    ],
    ids=[
        "404",
        "410",
        "empty",
        "pdf",
        "X-Robots-Tag",
        "noarchive",
        "sent to the front page",
        "503 is tried again",
        "403 is tried again",
        "loop",
        "ftp",
        "credentials",
    ],
)
def test_how_a_page_ends(rig, site, answer, outcome):
    site.routes["alpha.example/"] = Answer(article_page("机器人网首页"))
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = answer
    report = rig.crawl()
    assert rig.outcomes() == {"a": outcome}
    assert (book_of(report).balances, book_of(report).carried_out, report.errors) == (True, int(outcome is None), ())


GONE = "https://www.qq.com/babygohome/?pgv_ref=404"


@pytest.fixture
def charity(rig, site):
    """A source whose deleted articles redirect to a page that answers 200, on a host whose robots.txt forbids it."""
    rig.source(articles={"gone_at": "qq\\.com/babygohome"})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": GONE})
    site.routes["www.qq.com/robots.txt"] = Answer("User-agent: *\nDisallow: /\n")
    site.routes["www.qq.com/babygohome/"] = Answer(article_page("机器人寻亲"))
    return rig


@pytest.mark.parametrize("hops", [0, 1])
def test_an_article_that_redirects_to_where_deleted_ones_go_is_gone_without_being_followed(charity, site, hops):
    if hops:
        site.routes["alpha.example/moved"] = site.routes["alpha.example/a"]
        site.routes["alpha.example/a"] = Answer(status=301, headers={"Location": "/moved"})
    report = charity.crawl()
    assert charity.query("SELECT outcome, reason FROM entry") == [("gone", f"no longer there: redirected to {GONE}")]
    assert (report.errors, [hit for hit in site.hits if hit.startswith("www.qq.com")]) == ((), [])


def test_a_stored_article_that_redirects_there_later_is_deleted(charity, site):
    gone = site.routes["alpha.example/a"]
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    charity.crawl()
    site.routes["alpha.example/a"] = gone
    charity.clock.move_by(timedelta(hours=25))
    charity.crawl()
    [(deleted, why)] = charity.query("SELECT deleted_at, deleted_why FROM article")
    assert deleted is not None
    assert why == f"no longer there: redirected to {GONE}"


def test_a_robots_file_that_redirects_there_is_no_deleted_article(charity, site):
    site.routes["alpha.example/robots.txt"] = Answer(status=302, headers={"Location": GONE})
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    site.routes["www.qq.com/robots.txt"] = Answer(status=404)
    charity.crawl()
    assert charity.outcomes() == {"a": "kept"}


def test_a_redirect_to_another_site_is_followed_and_its_article_known_by_where_it_was_read(rig, site):
    """An article of a portal that has an external address answers so."""
    rig.source(kind="feed", articles={"gone_at": "qq\\.com/babygohome"})
    external = "https://news.qq.com/rain/a/20250213A096Z200"
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/article-4711-1.html", external))
    site.routes["alpha.example/article-4711-1.html"] = Answer(status=302, headers={"Location": external})
    site.routes["news.qq.com/rain/a/20250213A096Z200"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert rig.query("SELECT key, final_key, article.outcome FROM entry JOIN article ON entry = id ORDER BY id") == [
        ("discuz:alpha.example/4711", "qq:20250213A096Z2", "kept"),
        ("qq:20250213A096Z2", "qq:20250213A096Z2", "copy"),
    ]


def test_the_headers_of_a_source_are_sent_with_its_pages_too(rig, site):
    rig.source(headers={"X-Client": "press", "Referer": "https://alpha.example/feed"})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    [sent] = [seen for hit, seen in zip(site.hits, site.seen, strict=True) if hit == "alpha.example/a"]
    assert (sent["X-Client"], sent["Referer"]) == ("press", "https://alpha.example/feed")


@pytest.mark.parametrize(("status", "outcome"), [(403, "blocked"), (500, "failed")])
def test_attempts_are_used_up_over_runs_not_within_one(rig, site, status, outcome):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=status)
    for _ in range(12):
        rig.crawl()
        rig.clock.move_by(timedelta(days=1))
    assert rig.outcomes() == {"a": outcome}
    assert site.hits.count("alpha.example/a") == {403: 5, 500: 10}[status]


def test_retry_after_is_kept_by_the_whole_host_also_when_polled_by_name(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    site.routes["alpha.example/a"] = [
        Answer(status=429, headers={"Retry-After": "3600"}),
        Answer(article_page("机器人")),
    ]
    site.routes["alpha.example/b"] = Answer(article_page("机器人二", "第二台机器人也来了，它会自己充电。" * 6))
    rig.crawl()
    before = len(site.hits)
    rig.crawl(poll_now=True)
    assert site.hits[before:] == []
    rig.clock.move_by(timedelta(hours=1))
    rig.crawl()
    assert rig.outcomes() == {"a": "kept", "b": "kept"}


def test_the_pause_between_requests_holds_over_redirects_and_robots(rig, site):
    rig.source(politeness={"delay": "5s"})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "/b"})
    site.routes["alpha.example/b"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert len(site.hits) == 4
    assert [(wait.until - wait.asked_at).total_seconds() for wait in rig.clock.waits] == [5, 5, 5]


def test_the_pause_holds_across_runs(rig, site):
    rig.source(politeness={"delay": "5s"})
    site.routes["alpha.example/feed"] = Answer(feed())
    rig.crawl()
    rig.clock.waits.clear()
    rig.crawl(poll_now=True)
    assert [wait.reason for wait in rig.clock.waits] == ["pace of alpha.example"]


def test_a_crawl_delay_lengthens_the_pause(rig, site):
    rig.source(politeness={"delay": "1s"})
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nCrawl-delay: 7\n")
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert [(wait.until - wait.asked_at).total_seconds() for wait in rig.clock.waits] == [7, 7]


def test_who_we_are_is_said_and_no_referer_is_sent(rig, site):
    rig.write("presswatch.yaml", {"contact": "https://ops.example/presswatch", "min_free_mb": 0})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    rig.crawl()
    assert {seen["User-Agent"] for seen in site.seen} == {"presswatch/0.1.0 (+https://ops.example/presswatch)"}
    assert not any("Referer" in seen or "Cookie" in seen for seen in site.seen)


def test_what_robots_forbid_is_refused_unasked(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /a\n")
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    site.routes["alpha.example/b"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert rig.outcomes() == {"a": "refused", "b": "kept"}
    assert "alpha.example/a" not in site.hits


def test_unreadable_robots_mean_wait_for_polls_too(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer(status=503)
    report = rig.crawl()
    assert site.hits == ["alpha.example/robots.txt"]
    assert (report.polls, report.polls_failed) == (1, 1)
    assert "robots.txt could not be read" in book_of(report).error


def test_robots_are_asked_once_a_day(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    for _ in range(3):
        rig.crawl(poll_now=True)
        rig.clock.move_by(timedelta(hours=11))
    assert site.hits.count("alpha.example/robots.txt") == 1
    rig.clock.move_by(timedelta(hours=3))
    rig.crawl(poll_now=True)
    assert site.hits.count("alpha.example/robots.txt") == 2


def test_too_little_free_disk_ends_the_run_in_order(rig, site):
    rig.write("presswatch.yaml", {"min_free_mb": 10**9})
    report = rig.crawl()
    assert "min_free_mb" in report.stopped
    assert (site.hits, report.balances, report.errors) == ([], True, ())


def test_a_fault_of_ours_is_told_and_the_entry_ends_in_quarantine_only_after_its_attempts(rig, site, monkeypatch):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))

    def broken(*args, **kwargs):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("pipelines.archive.store.Archive.store", broken)
    for attempt in range(1, 6):
        report = rig.crawl()
        assert report.errors == ("https://alpha.example/a: RuntimeError: a fault of ours",)
        assert rig.outcomes() == {"a": "failed" if attempt == 5 else None}
        assert report.balances
        rig.clock.move_by(timedelta(days=1))


def test_a_text_stored_by_another_visit_in_between_makes_this_one_its_copy(rig, site, monkeypatch):
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    for path in ("a", "b"):
        site.routes[f"alpha.example/{path}"] = Answer(article_page("机器人进厂"))
    monkeypatch.setattr("pipelines.copies.pipeline.find_copy", lambda *args: None)
    report = rig.crawl()
    assert (rig.outcomes(), report.errors) == ({"a": "kept", "b": "copy"}, ())


def test_a_fault_of_ours_in_one_poll_is_told_and_stops_neither_the_other_polls_nor_the_pages(rig, site, monkeypatch):
    rig.source("beta", "https://alpha.example/other")
    site.routes["alpha.example/feed"] = Answer("broken")
    site.routes["alpha.example/other"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    really = parse_feed

    def parse(body, *more):
        if body == b"broken":
            raise RuntimeError("a fault of ours")
        return really(body, *more)

    monkeypatch.setattr("crawler.lists.parse_feed", parse)
    report = rig.crawl()
    assert report.errors == ("https://alpha.example/feed: RuntimeError: a fault of ours",)
    assert "presswatch itself failed" in book_of(report).error
    assert rig.outcomes() == {"a": "kept"}


def test_entries_of_a_source_that_is_no_longer_watched_are_told_in_every_run(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=503)
    rig.crawl()
    rig.source(enabled=False)
    book = book_of(rig.crawl())
    assert (book.carried_in, book.carried_out) == (1, 1)
    assert book.error == "1 entries wait, but no enabled source has this name any more"


def test_an_endpoint_is_asked_at_its_address_as_configured(rig, site):
    rig.source(url="https://alpha.example/feed?from=rss&b=2&a=1")
    site.routes["alpha.example/feed"] = Answer(feed())
    rig.crawl()
    assert site.queries[-1] == "from=rss&b=2&a=1"
