"""Polls of more than one answer: paged lists, POST bodies, lists that lists name."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from rig import START, Answer, article_page, book_of

from crawler.run import Run

LIST = "https://alpha.example/list"
RULES = {"items": "li", "link": "a::attr(href)", "title": "a"}
PAGED = {"url": f"{LIST}?p={{page}}", "every": "30m"}


def rows(*numbers):
    items = "".join(f'<li><a href="/{number}.html">机器人消息{number}</a></li>' for number in numbers)
    return f"<html><head><title>列表</title></head><body><ul>{items}</ul></body></html>"


def listing(rig, *, endpoint=None, **facts):
    rig.source(kind="listing", endpoints=[endpoint or PAGED], entries=RULES, **facts)


def serve_pages(site, pages):
    """Page n of the list is pages[n - 1]; behind the last stands a list without rows."""

    def answer(request):
        number = int(request.query["p"])
        return pages[number - 1] if number <= len(pages) else Answer(rows())

    site.routes["alpha.example/list"] = answer
    for number in range(60):
        site.routes[f"alpha.example/{number}.html"] = Answer(article_page(f"机器人消息{number}"))


def asked_pages(site):
    return [
        int(query.removeprefix("p="))
        for hit, query in zip(site.hits, site.queries, strict=True)
        if hit == "alpha.example/list"
    ]


def found(rig):
    return {url.rsplit("/", 1)[1] for (url,) in rig.query("SELECT url FROM entry")}


# -- page after page ------------------------------------------------------------------------------------------------


def test_a_first_poll_reads_page_after_page_to_the_last(rig, site):
    listing(rig)
    serve_pages(site, [Answer(rows(1, 2)), Answer(rows(2, 3)), Answer(rows(4))])
    report = rig.crawl()
    assert asked_pages(site) == [1, 2, 3, 4]
    assert (book_of(report).found, book_of(report).known, book_of(report).error) == (4, 1, "")


def test_five_pages_are_the_most(rig, site):
    listing(rig)
    serve_pages(site, [Answer(rows(number)) for number in range(1, 9)])
    rig.crawl()
    assert asked_pages(site) == [1, 2, 3, 4, 5]


def test_a_page_that_repeats_itself_for_ever_ends_the_walk(rig, site):
    listing(rig)
    serve_pages(site, [Answer(rows(1, 2))] * 5)
    rig.crawl()
    assert asked_pages(site) == [1, 2]


def test_a_later_poll_stops_at_the_first_page_without_news(rig, site):
    listing(rig)
    serve_pages(site, [Answer(rows(3, 2)), Answer(rows(1, 0))])
    rig.crawl()
    del site.hits[:], site.queries[:]
    serve_pages(site, [Answer(rows(4, 3)), Answer(rows(2, 1)), Answer(rows(0))])
    assert book_of(rig.crawl(poll_now=True)).found == 1
    assert asked_pages(site) == [1, 2]


@pytest.mark.parametrize("headers", [{"ETag": '"one"'}, {}])
def test_a_list_without_news_costs_one_request(rig, site, headers):
    def answer(request):
        same = headers and request.headers.get("If-None-Match") == headers["ETag"]
        return Answer(status=304) if same else Answer(rows(1) if request.query["p"] == "1" else rows(), headers=headers)

    listing(rig)
    site.routes["alpha.example/list"] = answer
    site.routes["alpha.example/1.html"] = Answer(article_page("机器人消息1"))
    rig.crawl()
    del site.hits[:], site.queries[:]
    assert book_of(rig.crawl(poll_now=True)).requests == 1
    assert asked_pages(site) == [1]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Answer(status=503), "page 2: HTTP 503"),
        (Answer("请稍后再试"), "page 2: something that is not HTML"),
    ],
)
def test_pages_that_could_not_be_read_are_told_and_read_at_the_next_poll(rig, site, fault, told):
    listing(rig)
    serve_pages(site, [Answer(rows(1), headers={"ETag": '"one"'}), fault, Answer(rows(3))])
    book = book_of(rig.crawl())
    assert found(rig) == {"1.html"}
    assert told in book.error
    assert (book.polls, book.polls_failed) == (1, 0)
    del site.hits[:], site.queries[:], site.seen[:]
    serve_pages(site, [Answer(rows(1), headers={"ETag": '"one"'}), Answer(rows(2)), Answer(rows(3))])
    rig.crawl(poll_now=True)
    assert asked_pages(site) == [1, 2, 3, 4]
    assert not any("If-None-Match" in headers for headers in site.seen[:1])
    assert found(rig) == {"1.html", "2.html", "3.html"}


@pytest.mark.parametrize("how", ["404", "410", "robots"])
def test_a_list_ends_where_its_next_page_is_gone_or_forbidden(rig, site, how):
    def answer(request):
        if request.query["p"] != "1":
            return Answer(status=int(how))
        same = request.headers.get("If-None-Match") == '"one"'
        return Answer(status=304) if same else Answer(rows(1), headers={"ETag": '"one"'})

    listing(rig)
    site.routes["alpha.example/list"] = answer
    site.routes["alpha.example/1.html"] = Answer(article_page("机器人消息1"))
    if how == "robots":
        site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /list?p=2\n")
    watched = []
    assert book_of(rig.crawl(watch=watched.append)).error == ""
    assert any(line.startswith("alpha: page 2 of https://alpha.example/list?p={page}: ") for line in watched)
    del site.hits[:], site.queries[:]
    assert book_of(rig.crawl(poll_now=True)).error == ""
    assert asked_pages(site) == [1]


def test_a_link_leads_to_the_next_page(rig, site):
    listing(rig, endpoint={"url": LIST, "pages": {"next": "a.next::attr(href)"}})
    site.routes["alpha.example/list"] = Answer(
        rows(1).replace("</ul>", '</ul><a class="next" href="/list-2.html">下一页</a>')
    )
    site.routes["alpha.example/list-2.html"] = Answer(rows(2))
    rig.crawl()
    assert found(rig) == {"1.html", "2.html"}


def test_a_changed_rule_reads_the_unchanged_list_anew(rig, site):
    listing(rig)
    serve_pages(site, [Answer(rows(1), headers={"ETag": '"one"'})])
    rig.crawl()
    rig.source(kind="listing", endpoints=[PAGED], entries={**RULES, "title": "a, b"})
    site.seen.clear()
    rig.crawl(poll_now=True)
    assert "If-None-Match" not in site.seen[0]


def test_a_list_none_of_whose_addresses_is_wanted_is_told(rig, site):
    listing(rig, articles={"url": "/nothing/"})
    serve_pages(site, [Answer(rows(1, 2, 3))])
    book = book_of(rig.crawl())
    assert (book.found, book.polls_failed) == (0, 0)
    assert book.error == (
        "https://alpha.example/list?p={page}: none of the 3 addresses announced fits articles.url, "
        "such as https://alpha.example/1.html"
    )


# -- what is sent ---------------------------------------------------------------------------------------------------


def cursor_api(site, bodies):
    """A JSON list behind POST: page after page by its cursor."""
    answers = {"": ([1, 2], "c2"), "c2": ([2, 3], "c3"), "c3": ([], None)}

    async def answer(request):
        asked = json.loads(await request.text())
        bodies.append((asked, request.headers["Content-Type"]))
        ids, following = answers[asked["after"]]
        data = [{"id": number, "name": f"机器人消息{number}"} for number in ids]
        return Answer(json.dumps({"code": 0, "data": data, "next": following}))

    site.routes["alpha.example/api"] = answer
    for number in range(1, 4):
        site.routes[f"alpha.example/{number}.html"] = Answer(
            article_page(f"机器人消息{number}", head=f"<!--{number}-->")
        )


def api_source(rig):
    rig.source(
        kind="json",
        endpoints=[
            {
                "url": "https://alpha.example/api#tech",
                "post_json": {"channel": "{fragment}", "device": "{installation}", "after": "{cursor}", "size": 20},
                "pages": {"cursor": "next"},
            }
        ],
        entries={"items": "data", "link": "https://alpha.example/{id}.html", "title": "name", "ok": "code == `0`"},
        headers={"Referer": "https://alpha.example/api"},
    )


def test_a_json_list_is_asked_by_post_with_its_cursor(rig, site):
    bodies = []
    api_source(rig)
    cursor_api(site, bodies)
    rig.crawl()
    assert found(rig) == {"1.html", "2.html", "3.html"}
    assert [body["after"] for body, _ in bodies] == ["", "c2", "c3"]
    assert {(body["channel"], body["size"], kind) for body, kind in bodies} == {("tech", 20, "application/json")}


def test_one_random_id_stands_for_the_installation_in_every_run(rig, site):
    bodies = []
    api_source(rig)
    cursor_api(site, bodies)
    rig.crawl()
    rig.crawl(poll_now=True)
    [device] = {body["device"] for body, _ in bodies}
    assert re.fullmatch(r"[a-z0-9]{36}", device)
    assert len(bodies) == 4


def test_post_answers_are_captured_without_the_id(rig, site):
    bodies = []
    api_source(rig)
    cursor_api(site, bodies)
    rig.crawl()
    kept = [url for (url,) in rig.query("SELECT url FROM capture") if "/api" in url]
    assert len(kept) == 2
    assert all(url.startswith("https://alpha.example/api?__wb_method=POST&__wb_post_data=") for url in kept)
    device = bodies[0][0]["device"].encode()
    assert not any(device in path.read_bytes() for path in (rig.data / "captures").iterdir())


def test_a_post_is_never_conditional(rig, site):
    async def answer(request):
        asked = json.loads(await request.text())
        data = [{"id": 1, "name": "机器人消息1"}] if not asked["after"] else []
        return Answer(json.dumps({"code": 0, "data": data, "next": None}), headers={"ETag": '"one"'})

    api_source(rig)
    site.routes["alpha.example/api"] = answer
    for _ in range(2):
        assert book_of(rig.crawl(poll_now=True)).error == ""
    sent = [headers for hit, headers in zip(site.hits, site.seen, strict=True) if hit == "alpha.example/api"]
    assert [("If-None-Match" in headers) for headers in sent] == [False, False]


def test_a_form_is_posted(rig, site):
    seen = []

    async def answer(request):
        seen.append(await request.text())
        return Answer(json.dumps({"data": [{"url": "/1.html"}] if len(seen) == 1 else []}))

    rig.source(
        kind="json",
        endpoints=[{"url": LIST, "post_form": {"page": "{page}", "名": "a b"}}],
        entries={"items": "data", "link": "url"},
    )
    site.routes["alpha.example/list"] = answer
    rig.crawl()
    assert seen == ["page=1&%E5%90%8D=a+b", "page=2&%E5%90%8D=a+b"]


def test_headers_of_the_config_go_with_lists_and_pages(rig, site):
    listing(rig, endpoint={"url": LIST}, headers={"Referer": LIST, "X-Requested-With": "XMLHttpRequest"})
    site.routes["alpha.example/list"] = Answer(rows(1))
    rig.crawl()
    sent = [(headers.get("Referer"), headers.get("X-Requested-With")) for headers in site.seen]
    hits = dict(zip(site.hits, sent, strict=True))
    assert hits["alpha.example/list"] == hits["alpha.example/1.html"] == (LIST, "XMLHttpRequest")
    assert hits["alpha.example/robots.txt"] == (None, None)


def test_headers_of_the_config_go_to_the_hosts_of_its_endpoints_alone(rig, site):
    listing(rig, endpoint={"url": LIST}, headers={"X-Api-Key": "k"})
    links = ("https://www.alpha.example/1.html", "https://beta.example/2.html", "https://alpha.example/3.html")
    site.routes["alpha.example/list"] = Answer(
        f"<ul>{''.join(f'<li><a href={link!r}>机器人</a></li>' for link in links)}</ul>"
    )
    site.routes["alpha.example/3.html"] = Answer(status=302, headers={"Location": "https://gamma.example/4.html"})
    rig.crawl()
    sent = {hit: headers.get("X-Api-Key") for hit, headers in zip(site.hits, site.seen, strict=True)}
    assert {hit: key for hit, key in sent.items() if not hit.endswith("robots.txt")} == {
        "alpha.example/list": "k",
        "www.alpha.example/1.html": "k",
        "alpha.example/3.html": "k",
        "beta.example/2.html": None,
        "gamma.example/4.html": None,
    }


@pytest.mark.parametrize(("to", "followed"), [("https://api.alpha.example/v2", True), ("https://evil.example/", False)])
def test_a_post_is_not_sent_on_to_another_host(rig, site, to, followed):
    api_source(rig)
    site.routes["alpha.example/api"] = Answer(status=307, headers={"Location": to})
    error = book_of(rig.crawl()).error
    assert [hit for hit in site.pages() if hit != "alpha.example/api"] == (["api.alpha.example/v2"] if followed else [])
    assert (f"a POST, redirected to another host: {to}" in error) is not followed


def test_the_charset_of_the_config_decodes_lists(rig, site):
    listing(rig, endpoint={"url": LIST}, charset="big5")
    page = rows(1).replace("机器人", "機器人").replace("列表", "列表")
    page = page.replace("机", "機").replace("消息", "消息")
    site.routes["alpha.example/list"] = Answer(page.encode("big5"), headers={"Content-Type": "text/html; charset=gbk"})
    rig.crawl()
    assert rig.query("SELECT title FROM entry") == [("機器人消息1",)]


# -- lists that lists name ------------------------------------------------------------------------------------------

INDEX = "https://alpha.example/sitemap.xml"


def index(**changed):
    items = "".join(
        f"<sitemap><loc>https://alpha.example/map-{name}.xml</loc>"
        + (f"<lastmod>{at}</lastmod>" if at else "")
        + "</sitemap>"
        for name, at in changed.items()
    )
    return Answer(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>')


def sitemap(*numbers, lastmod="2025-03-02T20:00:00+08:00"):
    changed = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    items = "".join(f"<url><loc>https://alpha.example/{number}.html</loc>{changed}</url>" for number in numbers)
    return Answer(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>')


@pytest.fixture
def maps(rig, site):
    rig.source(kind="sitemap", url=INDEX)
    for number in range(1, 9):
        site.routes[f"alpha.example/{number}.html"] = Answer(article_page(f"机器人消息{number}"))
    return site.routes


def asked_maps(site):
    return [hit.removeprefix("alpha.example/map-").removesuffix(".xml") for hit in site.hits if "/map-" in hit]


def test_the_sitemaps_of_an_index_are_polled_in_the_same_visit(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="", b="", lost="")
    maps["alpha.example/map-a.xml"], maps["alpha.example/map-b.xml"] = sitemap(1, 2), sitemap(3)
    report = rig.crawl()
    assert found(rig) == {"1.html", "2.html", "3.html"}
    assert sorted(asked_maps(site)) == ["a", "b", "lost"]
    book = book_of(report)
    assert (book.polls, book.polls_failed) == (4, 1)
    assert "map-lost.xml: no longer there: HTTP 404" in book.error
    assert rig.query("SELECT count(*) FROM entry WHERE NOT backlog") == [(0,)]


def test_an_unchanged_index_still_has_its_sitemaps_polled_each_conditionally(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="")
    maps["alpha.example/map-a.xml"] = sitemap(1)
    rig.crawl()
    maps["alpha.example/map-a.xml"] = sitemap(2, 1)
    report = rig.crawl(poll_now=True)
    assert (book_of(report).found, book_of(report).polls) == (1, 2)
    assert rig.query("SELECT backlog FROM entry ORDER BY id") == [(1,), (0,)]


def test_a_sitemap_that_appears_later_holds_news_not_backlog(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="")
    maps["alpha.example/map-a.xml"] = sitemap(1)
    rig.crawl()
    maps["alpha.example/sitemap.xml"] = index(b="", a="")
    maps["alpha.example/map-b.xml"] = sitemap(2)
    del site.hits[:]
    rig.crawl(poll_now=True)
    assert asked_maps(site) == ["b", "a"]
    assert rig.query("SELECT url, backlog FROM entry ORDER BY id") == [
        ("https://alpha.example/1.html", 1),
        ("https://alpha.example/2.html", 0),
    ]


def test_a_sitemap_unchanged_since_it_was_polled_is_not_asked_again(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="2025-03-01T00:00:00Z", b="")
    maps["alpha.example/map-a.xml"], maps["alpha.example/map-b.xml"] = sitemap(1), sitemap(2)
    rig.crawl()
    del site.hits[:]
    rig.crawl(poll_now=True)
    assert asked_maps(site) == ["b"]
    maps["alpha.example/sitemap.xml"] = index(a="2025-03-04T00:00:00Z", b="")
    del site.hits[:]
    rig.crawl(poll_now=True)
    assert sorted(asked_maps(site)) == ["a", "b"]


def test_a_sitemap_that_failed_is_asked_again_although_it_has_not_changed(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="2025-03-01T00:00:00Z")
    maps["alpha.example/map-a.xml"] = [Answer(status=500), sitemap(1)]
    rig.crawl()
    rig.crawl(poll_now=True)
    assert found(rig) == {"1.html"}


def test_a_sitemap_is_asked_again_after_three_days_whatever_its_index_says(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="2025-03-01T00:00:00Z")
    maps["alpha.example/map-a.xml"] = sitemap(1)
    rig.crawl()
    del site.hits[:]
    asked = []
    for _ in range(3):
        rig.clock.move_to(rig.clock.now() + timedelta(days=1))
        rig.crawl(poll_now=True)
        asked.append(len(asked_maps(site)))
    assert asked == [0, 0, 1]


def test_a_sitemap_of_the_day_is_asked_until_that_day_has_ended_everywhere(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="2025-03-03")
    maps["alpha.example/map-a.xml"] = sitemap(1)
    asked = []
    for hour in (10, 17, 35, 37, 38):
        rig.clock.move_to(datetime(2025, 3, 3, tzinfo=UTC) + timedelta(hours=hour))
        del site.hits[:]
        rig.crawl(poll_now=True)
        asked.append(len(asked_maps(site)))
    assert asked == [1, 1, 1, 1, 0]


def test_a_sitemap_the_index_names_no_more_is_not_asked_again(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(a="", b="")
    maps["alpha.example/map-a.xml"], maps["alpha.example/map-b.xml"] = sitemap(1), sitemap(2)
    rig.crawl()
    maps["alpha.example/sitemap.xml"] = index(b="")
    del site.hits[:]
    rig.crawl(poll_now=True)
    assert asked_maps(site) == ["b"]


def test_lists_are_read_on_the_host_of_the_config_wherever_the_index_stands(rig, site, maps):
    lists = index(a="", b="", c="").body.replace("alpha.example/map-b", "beta.test/map-b")
    maps["alpha.example/sitemap.xml"] = Answer(status=301, headers={"Location": "https://beta.test/sitemap.xml"})
    maps["beta.test/sitemap.xml"] = Answer(lists)
    maps |= {"alpha.example/map-a.xml": sitemap(1), "alpha.example/map-c.xml": sitemap(2)}
    maps["beta.test/map-b.xml"] = sitemap(3)
    told = "1 of its 3 lists are not on alpha.example and are not read, such as https://beta.test/map-b.xml"
    assert told in book_of(rig.crawl()).error
    assert found(rig) == {"1.html", "2.html"}


def test_two_indexes_that_name_each_other_are_read_once_each(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(b="")
    both = index(b="").body.replace("map-b.xml", "sitemap.xml")
    maps["alpha.example/map-b.xml"] = Answer(both)
    rig.crawl()
    rig.crawl(poll_now=True)
    assert site.hits.count("alpha.example/map-b.xml") == 2


def test_a_list_that_several_name_is_polled_once(rig, site, maps):
    rig.source(kind="sitemap", endpoints=[{"url": f"https://alpha.example/{name}.xml"} for name in ("i", "j", "map-a")])
    maps["alpha.example/i.xml"] = maps["alpha.example/j.xml"] = index(a="", b="")
    maps["alpha.example/map-a.xml"], maps["alpha.example/map-b.xml"] = sitemap(1), sitemap(2)
    rig.crawl()
    assert asked_maps(site) == ["a", "b"]


def test_what_a_list_of_an_index_names_is_told_and_not_asked(rig, site, maps):
    maps["alpha.example/sitemap.xml"], maps["alpha.example/map-a.xml"] = index(a=""), index(b="", c="")
    for _ in range(2):
        error = book_of(rig.crawl(poll_now=True)).error
        maps["alpha.example/map-a.xml"] = index(b="", d="")
        assert "map-a.xml: names lists itself, which only an endpoint of the config may; none of the 2 is read" in error
    assert asked_maps(site) == ["a", "a"]
    assert rig.query("SELECT count(*) FROM endpoint") == [(2,)]


def test_an_index_of_the_config_is_followed_though_another_names_it(rig, site, maps):
    rig.source(kind="sitemap", endpoints=[{"url": INDEX}, {"url": "https://alpha.example/map-a.xml"}])
    maps["alpha.example/sitemap.xml"], maps["alpha.example/map-a.xml"] = index(a=""), index(b="")
    maps["alpha.example/map-b.xml"] = sitemap(1)
    rig.crawl()
    assert asked_maps(site) == ["a", "b"]


def test_the_lists_of_one_visit_are_shared_by_its_indexes(rig, site, maps):
    rig.source(kind="sitemap", endpoints=[{"url": f"https://alpha.example/{name}.xml"} for name in "ij"])
    for name in "ij":
        maps[f"alpha.example/{name}.xml"] = index(**{f"{name}{number:02}": "" for number in range(15)})
    rig.crawl()
    assert [sum(asked.startswith(name) for asked in asked_maps(site)) for name in "ij"] == [10, 10]


def test_lists_whose_turn_comes_minutes_after_their_index_are_polled_as_often(rig, site, maps):
    rig.source(kind="sitemap", endpoints=[{"url": INDEX, "every": "1d"}], politeness={"delay": "40s"})
    maps["alpha.example/sitemap.xml"] = index(a="", b="", c="")
    for name in "abc":
        maps[f"alpha.example/map-{name}.xml"] = sitemap()
    for day in range(3):
        rig.clock.move_to(START + timedelta(days=day))
        rig.crawl()
    assert "".join(asked_maps(site)) == "abc" * 3


def test_lists_of_a_host_that_asks_to_be_left_alone_are_told_in_one_line(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(**dict.fromkeys("abcdef", ""))
    maps["alpha.example/map-a.xml"] = Answer(status=429, headers={"Retry-After": "900"})
    error = book_of(rig.crawl()).error
    assert asked_maps(site) == ["a"]
    [line] = [line for line in error.splitlines() if "not polled" in line]
    assert line.startswith("https://alpha.example/map-b.xml and 4 more: not polled: alpha.example asked to be left")
    rig.clock.move_by(timedelta(minutes=30))
    for name in "bcdef":
        maps[f"alpha.example/map-{name}.xml"] = sitemap()
    rig.crawl()
    assert asked_maps(site) == ["a", *"bcdef"]


def test_a_run_that_ends_polls_no_further_list(rig, site, maps, monkeypatch):
    told = []

    def first(request):
        told.append("the test ends it")
        return sitemap()

    monkeypatch.setattr(Run, "_stop_reason", lambda run: "".join(told))
    maps["alpha.example/sitemap.xml"] = index(a="", b="", c="")
    maps["alpha.example/map-a.xml"] = first
    error = book_of(rig.crawl()).error
    assert (asked_maps(site), error) == (["a"], "")  # the run's own end says it


def test_years_of_sitemaps_are_read_in_turns(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = index(**{f"m{number:02}": "" for number in range(50)})
    for number in range(50):
        maps[f"alpha.example/map-m{number:02}.xml"] = sitemap()
    asked = []
    for _ in range(3):
        del site.hits[:]
        rig.crawl(poll_now=True)
        asked.append(asked_maps(site))
    assert [len(turn) for turn in asked] == [20, 20, 20]
    assert len({name for turn in asked for name in turn}) == 50


def test_sitemaps_that_appear_later_do_not_keep_the_first_ones_waiting_for_ever(rig, site, maps):
    later = {f"m{number:02}": "" for number in range(25)}
    maps |= {f"alpha.example/map-{name}.xml": sitemap() for name in [*later, "first"]}
    maps["alpha.example/sitemap.xml"] = index(first="")
    rig.crawl()
    maps["alpha.example/sitemap.xml"] = index(first="", **later)
    del site.hits[:]
    for _ in range(3):
        rig.crawl(poll_now=True)
    assert "first" in asked_maps(site)


def test_sitemaps_never_asked_come_first_and_of_them_the_last_changed(rig, site, maps):
    first = {f"m{number:02}": f"2025-02-{number + 1:02}" for number in range(22)}
    maps["alpha.example/sitemap.xml"] = index(**first)
    for name in [*first, "new"]:
        maps[f"alpha.example/map-{name}.xml"] = sitemap()
    rig.crawl()
    assert asked_maps(site) == [f"m{number:02}" for number in range(21, 1, -1)]
    maps["alpha.example/sitemap.xml"] = index(**first, new="2025-01-01")
    del site.hits[:]
    rig.crawl(poll_now=True)
    assert asked_maps(site) == ["new", "m01", "m00"]


def test_what_a_sitemap_says_is_unchanged_for_longer_than_max_age_is_stale(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = sitemap(1, lastmod="2025-01-02")
    rig.crawl()
    assert rig.query("SELECT outcome, reason FROM entry") == [
        ("stale", "unchanged since 2025-01-03T20:00:00+08:00, older than the source's limit of 7 days")
    ]


def test_of_an_undated_list_the_first_hundred_are_taken_for_recent(rig, site, maps):
    maps["alpha.example/sitemap.xml"] = sitemap(*range(1, 131), lastmod="")
    report = rig.crawl()
    assert (book_of(report).found, book_of(report).outcomes["stale"]) == (130, 30)
    maps["alpha.example/sitemap.xml"] = sitemap(*range(1, 261), lastmod="")
    assert book_of(rig.crawl(poll_now=True)).outcomes["stale"] == 0


def test_the_accounts_of_a_mirror_are_polled_from_its_index(rig, site):
    original = "http://mp.weixin.qq.com/s?__biz=Mz==&mid={n}&idx=1&sn=a{n}"
    row = f"- [机器人{{n}}]({original}) |  [备份查看](/gzh/backup/{{a}}/{{n}})\n    - 时间：2025-03-02\n"
    rig.source(kind="wechat_mirror", url="https://alpha.example/gzh/gzh_list")
    site.routes["alpha.example/gzh/gzh_list.md"] = Answer("# 公众号\n\n- [甲](/gzh/甲)\n- [乙](/gzh/乙)\n")
    site.routes["alpha.example/gzh/%E7%94%B2.md"] = Answer(row.format(n=1, a="甲"))
    site.routes["alpha.example/gzh/%E4%B9%99.md"] = Answer(row.format(n=2, a="乙"))
    assert book_of(rig.crawl()).found == 2
