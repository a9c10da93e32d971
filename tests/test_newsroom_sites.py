"""How the newsroom finds what is asked for: hosts, sections, addresses with a query, data in several files."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from newsroom_visits import END, START

from crawler.clock import VirtualClock
from crawler.newsroom import Newsroom, Press, SiteRequest, load_press, serve
from crawler.newsroom.records import Address, Content
from crawler.newsroom.shapes import SHAPES, Shape

ARTICLE = {"id": "a", "theme": "space", "title": "火箭", "lead": "火箭。", "paragraphs": ["火箭升空。"]}


class Numbered(Shape):
    """Articles told apart by a query, with an alias and a second page; /ask takes POST."""

    list_paths = ("/list?kind=1", "/list?kind=2")
    post_paths = ("/ask",)
    names = ("aid", "kind")

    def __init__(self, data) -> None:
        self._host = data.host

    def addresses(self, drafts, random):
        return tuple(
            Address(url=f"https://{self._host}/view?aid={n}", aliases=(f"/a/{n}",), pages=(f"/a/{n}-2",))
            for n, _ in enumerate(drafts)
        )

    def answer(self, site, request, now):
        if request.method == "POST":
            return Content(body=repr(request.sent()).encode(), content_type="text/plain")
        one = site.at(request, now)
        return one and Content(body=one.title.encode(), content_type="text/plain")


def press(*sites: dict) -> Press:
    given = {"shape": "numbered", "title": "一站", "backlog": {"articles": 1}, "articles": ["a"]}
    return Press.model_validate({"articles": [ARTICLE], "sites": [{**given, **site} for site in sites]})


@pytest.fixture
def newsroom(monkeypatch):
    monkeypatch.setitem(SHAPES, "numbered", Numbered)
    down = {"fault": "feed_down", "begins": 0, "ends": 99}
    return Newsroom(start=START, press=press({"host": "one.example", "hosts": ["m.one.example"], "faults": [down]}))


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/view", "aid=0", 200),
        ("/view", "from=x&aid=0&page=2", 200),
        ("/view", "aid=1", 404),
        ("/view", "", 404),
        ("/a/0", "", 200),
        ("/a/0-2", "from=x", 200),
        ("/list", "kind=2", 503),
        ("/list", "kind=3", 404),
        ("/list", "", 404),
    ],
)
@pytest.mark.parametrize("host", ["one.example", "m.one.example"])
def test_what_is_asked_for_is_found_by_path_and_query_at_every_name(newsroom, host, path, query, status):
    assert newsroom.respond(SiteRequest(host=host, path=path, query=query), END).status == status


def test_a_post_is_answered_where_the_shape_says_so(newsroom):
    asked = SiteRequest(host="one.example", path="/ask", method="POST", body=b'{"page": 2}')
    assert newsroom.respond(asked, END).body == b"{'page': 2}"
    assert newsroom.respond(SiteRequest(host="one.example", path="/view", method="POST"), END).status == 405


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff{"])
def test_a_body_that_is_no_object_is_an_empty_one(body):
    assert SiteRequest(host="one.example", path="/", body=body).sent() == {}


def test_the_body_travels_over_http(newsroom):
    async def asked() -> tuple[bytes, str]:
        async with (
            serve(newsroom, VirtualClock(END)) as server,
            aiohttp.ClientSession() as session,
            session.post(server.url + "/ask?n=1", json={"page": 3}, headers={"Host": "one.example"}) as answer,
        ):
            return await answer.read(), f"{server.hits[0].method} {server.hits[0].query}"

    assert asyncio.run(asked()) == (b"{'page': 3}", "POST n=1")


def test_a_site_of_several_names_stands_once_in_the_truth(newsroom):
    assert (newsroom.hosts, len(newsroom.truth)) == (("one.example",), 1)


def test_two_entries_of_one_host_are_sections_and_the_second_changes_nothing_of_the_first():
    first = {"host": "one.example", "shape": "rss"}
    second = {**first, "section": "two", "options": {"feed": "/two.xml", "page": "/two/{number}.html"}}
    alone, both = Newsroom(start=START, press=press(first)), Newsroom(start=START, press=press(first, second))
    assert [one for one in both.truth if not one.section] == list(alone.truth)
    paths = ("/rss.xml", "/two.xml", *(one.url.removeprefix("https://one.example") for one in both.truth))
    assert [both.respond(SiteRequest(host="one.example", path=path), END).status for path in paths] == [200] * 4


def test_two_entries_of_one_host_without_sections_are_refused():
    with pytest.raises(ValueError, match=r"need a section each: one\.example"):
        press({"host": "one.example"}, {"host": "one.example"})


def test_data_may_lie_in_several_files(tmp_path: Path):
    one, two = (
        "- {{id: {0}, theme: off, title: 甲, lead: 乙, paragraphs: [丙]}}\n",
        "- {{host: {0}, shape: rss, title: 甲}}\n",
    )
    for name, text in {
        "articles.yaml": one.format("a"),
        "articles/z.yaml": one.format("z"),
        "articles/b.yaml": one.format("b"),
        "articles/note.txt": "-",
        "press.yaml": two.format("a.example"),
        "press/b.yaml": two.format("b.example"),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    press = load_press(tmp_path)
    assert [article.id for article in press.articles] == ["a", "b", "z"]
    assert [site.host for site in press.sites] == ["a.example", "b.example"]
