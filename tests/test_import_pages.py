"""presswatch import: an article over several pages is one, however its pages lie in the files."""

from itertools import permutations

import pytest
from rig import article_page
from warcs import Warc, rows, take

from pipelines.extract.extract import extract

SITE = "https://alpha.example"
OUTCOMES = "SELECT key, outcome FROM entry ORDER BY key"
ONE = [("discuz:alpha.example/4711", "kept")]


@pytest.fixture
def seen(monkeypatch):
    """Pages as extraction gets them: the addresses of each."""
    pages = []

    def reading(page, source):
        pages.append([part.url.rpartition("/")[2] for part in (page, *page.parts)])
        return extract(page, source)

    monkeypatch.setattr("pipelines.imports.reading.extract", reading)
    return pages


@pytest.fixture
def portal(rig):
    rig.source(articles={"next": "a.nxt", "max_age": "3650d"})
    return rig


def page(number, *, aid=4711, following=None, text="", head=""):
    body = text or f"第{aid}篇第{number}页的机器人走进工厂，工程师记录它的动作。" * 8
    further = f'<a class="nxt" href="{following}">下一页</a>' if following else ""
    return article_page(f"机器人{aid}", body, head=head).replace("</article>", f"</article>{further}")


def three(aid=4711):
    """Address and body of the pages of an article."""
    return [
        (f"{SITE}/article-{aid}-1.html", page(1, aid=aid, following=f"article-{aid}-2.html")),
        (f"{SITE}/article-{aid}-2.html", page(2, aid=aid, following=f"article-{aid}-3.html")),
        (f"{SITE}/article-{aid}-3.html", page(3, aid=aid)),
    ]


def warc(tmp_path, pages, name="a.warc.gz", **facts):
    file = Warc()
    for url, body in pages:
        file.response(url, body, **facts)
    return file.write(tmp_path / name)


NAMES = ["article-4711-1.html", "article-4711-2.html", "article-4711-3.html"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_pages_of_an_article_are_joined_in_its_order_whatever_theirs_in_the_file(portal, tmp_path, seen, order):
    pages = three()
    other = (f"{SITE}/article-4712-1.html", page(1, aid=4712))
    result = take(portal, warc(tmp_path, [pages[order[0]], other, *(pages[number] for number in order[1:])]))
    assert result.exit_code == 0, result.output
    assert sorted(seen) == [NAMES, ["article-4712-1.html"]]
    assert rows(portal, OUTCOMES) == [*ONE, ("discuz:alpha.example/4712", "kept")]
    assert rows(portal, "SELECT sum(found), sum(known), sum(kept) FROM book") == [(2, 0, 2)]


def test_an_articles_pages_may_lie_in_several_files(portal, tmp_path, seen):
    first, second, third = three()
    files = [warc(tmp_path, [third, first], "a.warc.gz"), warc(tmp_path, [second], "b.warc.gz")]
    assert take(portal, *files).exit_code == 0
    assert (seen, rows(portal, OUTCOMES)) == ([NAMES], ONE)


def test_a_page_that_is_not_in_the_file_ends_the_article(portal, tmp_path, seen):
    assert take(portal, warc(tmp_path, three()[:2])).exit_code == 0
    assert (seen, rows(portal, OUTCOMES)) == ([NAMES[:2]], ONE)


def test_pages_that_lead_in_a_circle_are_one_article(portal, tmp_path, seen):
    first, second, _ = three()
    circle = (f"{SITE}/article-4711-3.html", page(3, following="article-4711-1.html"))
    assert take(portal, warc(tmp_path, [first, second, circle])).exit_code == 0
    assert (seen, rows(portal, OUTCOMES)) == ([NAMES], ONE)


def test_two_spellings_of_the_first_page_are_one_article(portal, tmp_path, seen):
    twin = (f"{SITE}/portal.php?mod=view&aid=4711", three()[0][1])
    assert take(portal, warc(tmp_path, [*three(), twin])).exit_code == 0
    assert (seen, rows(portal, OUTCOMES)) == ([NAMES], ONE)


def test_what_stands_behind_the_last_page_ends_the_article(portal, tmp_path, seen):
    first, second, _ = three()
    beyond = (f"{SITE}/article-4711-3.html", second[1])
    assert take(portal, warc(tmp_path, [first, second, beyond])).exit_code == 0
    assert (seen, rows(portal, OUTCOMES)) == ([NAMES[:2]], ONE)


def test_noarchive_on_a_further_page_refuses_the_article(portal, tmp_path):
    file = Warc()
    for number, (url, body) in enumerate(three(), 1):
        more = (("X-Robots-Tag", "noarchive"),) if number == 2 else ()
        file.response(url, body, headers=(("Content-Type", "text/html"), *more))
    assert take(portal, file.write(tmp_path / "a.warc.gz")).exit_code == 0
    assert rows(portal, OUTCOMES) == [("discuz:alpha.example/4711", "refused")]


def test_pages_that_are_numbered_in_their_names_are_joined_too(portal, tmp_path, seen):
    names = ["x.html", "x_2.html", "x_3.html"]
    pages = [(f"{SITE}/{name}", page(number, following=further)) for number, (name, further) in
             enumerate(zip(names, [*names[1:], None], strict=True), 1)]  # fmt: skip
    assert take(portal, warc(tmp_path, pages)).exit_code == 0
    assert seen == [names]


def test_without_the_rule_no_page_is_looked_at_for_a_further_one(rig, tmp_path, seen, monkeypatch):
    monkeypatch.setattr("pipelines.imports.further.links", None)
    assert take(rig, warc(tmp_path, three())).exit_code == 0
    assert (seen, rows(rig, OUTCOMES)) == ([NAMES[:1]], ONE)
