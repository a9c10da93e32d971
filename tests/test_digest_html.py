"""The digest as a page: it needs nothing from elsewhere, shows texts from outside as they are, and is well-formed."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from archive_rows import DAY, HOUR, NOON, TEXT, a_config, a_source, build
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from crawler.config.models import Language
from crawler.text import clean
from pipelines.digest.render import isolated, render_html

VOID = {"meta", "br", "hr", "link", "img", "input"}
HOSTILE = "<script>alert(1)</script>\"'>&amp;\u202e<img src=x onerror=y>"


class Balance(HTMLParser):
    """Fails at a tag that is closed and not open, or open at the end."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(text):
    """The page, when it is well-formed."""
    balance = Balance()
    balance.feed(text)
    balance.close()
    assert balance.open == []
    return lxml_html.document_fromstring(text)


def a_page(database, config, **facts):
    return parsed(render_html(build(database, config, **facts)))


def shown(element):
    return " ".join(element.text_content().split())


@pytest.fixture
def full(rows):
    """A day on which everything happened."""
    original = rows.an_article(1, original_url="https://origin.example/1?utm_source=x&a=1")
    rows.an_article(2, source="xinchao", copy_of=original)
    for number in range(10, 17):
        rows.an_article(number, f"旧文{number}", source="xinchao", backlog=True)
    rows.a_digest(cut_to=NOON - DAY)
    before = rows.an_article(3, "昨天的", kept_at=NOON - 30 * HOUR)
    rows.an_article(4, source="xinchao", copy_of=before)
    rows.a_version(before, number=2, text=TEXT, seen=NOON - HOUR, diff="- 甲。\n+ 乙。")
    rows.an_article(5, "没了", deleted_at=NOON)
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, seen=NOON - HOUR)
    for ago in (10, 9, 8, 7):
        rows.an_entry(source="xinchao", seen=NOON - ago * DAY - HOUR)
    books = {"found": 3, "kept": 1, "polls": 2, "polls_failed": 1, "error": "https://chenfeng.example/feed: HTTP 503"}
    rows.a_run(ended=NOON - HOUR, books={"chenfeng": books, "xinchao": {"polls": 1}})
    rows.a_run(ended=NOON, interrupted=True)


@pytest.mark.parametrize("language", list(Language))
def test_a_full_day_is_one_well_formed_page_in_its_language(database, config, full, language):
    page = a_page(database, config, language=language)
    assert page.get("lang") == language.value
    assert page.findtext(".//title").startswith("每日要闻 2025-03-03")
    assert [meta.get("content") for meta in page.findall(".//meta") if meta.get("name") == "color-scheme"] == [
        "light dark"
    ]
    assert len(page.findall(".//table")) == 1


def test_a_page_loads_and_runs_nothing(database, config, full):
    text = render_html(build(database, config))
    page = parsed(text)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert {element.tag for element in page.iter() if isinstance(element.tag, str)}.isdisjoint(
        {"script", "img", "link", "iframe", "object", "form", "svg", "base"}
    )
    assert "url(" not in text
    assert "@import" not in text
    assert all(name == "href" or "://" not in value for item in page.iter() for name, value in item.items())
    assert not [name for item in page.iter() for name, _ in item.items() if name.startswith("on") or name == "src"]


def test_every_link_is_of_the_web_and_tells_nobody_where_it_stood(database, config, full):
    links = a_page(database, config).findall(".//a")
    assert links
    assert all(link.get("href").startswith("https://") for link in links)
    assert {link.get("rel") for link in links} == {"noopener noreferrer"}
    assert "https://origin.example/1?a=1" in {link.get("href") for link in links}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "JavaScript:x", "//x.example/", "", "ftp://x"]
)
def test_what_is_no_web_address_is_no_link(database, config, rows, url):
    rows.an_article(1, url=url)
    page = a_page(database, config)
    assert page.findall(".//a") == []
    assert shown(page.find(".//h3")) == "新一代人形机器人亮相"


def test_a_quote_in_an_address_ends_no_attribute(database, config, rows):
    rows.an_article(1, url="https://a.example/\"onclick='x'>\u202e<b>?a=1&b=2")
    [link] = a_page(database, config).findall(".//a")
    assert set(link.keys()) == {"href", "rel"}
    assert link.get("href") == "https://a.example/\"onclick='x'%3E%E2%80%AE%3Cb%3E?a=1&b=2"


def test_texts_from_outside_are_shown_as_they_are_everywhere(database, rows, tmp_path):
    title = HOSTILE.replace("\u202e", "")
    config = a_config(tmp_path, sources=(a_source("chenfeng", HOSTILE), a_source("xinchao", HOSTILE)))
    original = rows.an_article(1, HOSTILE, text=f"{HOSTILE}，这是一个完整的句子。")
    rows.an_article(2, source="xinchao", copy_of=original)
    rows.an_entry(title=HOSTILE, outcome="refused", ended=NOON, seen=NOON - HOUR)
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 1, "polls_failed": 1, "polls": 1, "error": HOSTILE}})
    page = a_page(database, config, title=HOSTILE)
    assert shown(page.find(".//h3")) == title
    assert shown(page.find(".//h1")) == f"{title} 2025-03-03"
    # title, heading, alarm, article, its source and copy, lead, books, failing source and cause, refused
    assert page.text_content().count(title) == 11
    assert "\u202e" not in page.text_content()


@given(text=st.text(alphabet="ab文אب<>&\"'\u202e\u2066\x00\n ;#", max_size=30))
def test_a_text_stands_in_an_isolation_of_its_own(text):
    [element] = lxml_html.fragments_fromstring(str(isolated(text)))
    assert (element.tag, len(element), element.text or "") == ("bdi", 0, clean(text))


def test_an_untitled_article_can_be_opened(database, config, rows):
    rows.an_article(1, "\u200b")
    assert shown(a_page(database, config).find(".//h3/a")) == "（无标题）"
    assert shown(a_page(database, config, language=Language.EN).find(".//h3/a")) == "(untitled)"


def test_books_that_do_not_balance_are_the_first_thing_on_the_page(database, config, rows):
    rows.an_article(1)
    rows.a_run(ended=NOON, books={"chenfeng": {"carried_in": 1, "found": 5, "kept": 3, "carried_out": 1}})
    first = a_page(database, config).find(".//body")[0][0]
    assert shown(first).startswith("🔴 账目不平：晨风科技")
    assert "#d93025" in first.get("style")


def test_an_empty_day_says_so_and_still_has_its_books(database, config, rows):
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1, "requests": 1}})
    text = shown(a_page(database, config))
    assert "没有新文章。" in text
    assert "本期 1 次运行。" in text
    assert "晨风科技" in text


def test_every_figure_of_the_books_carries_its_name_for_narrow_screens(database, config, rows):
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 2, "kept": 2, "requests": 7}})
    cells = a_page(database, config).findall(".//tbody//td")
    assert [shown(cell) for cell in cells] == ["0", "新见 2", "收录 2", "0", "0", "请求 7"]
    assert [cell.get("class") for cell in cells] == ["z", None, None, "z", "z", None]


def test_a_page_says_only_what_the_digest_says(database, config, full):
    digest = build(database, config)
    assert render_html(digest) == render_html(replace(digest))
    page = parsed(render_html(digest))
    told = [line.title for section in digest.sections for line in section.lines]
    assert [shown(item) for item in page.findall(".//h3")] == told
