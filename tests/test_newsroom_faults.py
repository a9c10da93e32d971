"""Faults by their word at any site, spun copies and changing texts, and what the truth says of them."""

from datetime import timedelta

import pytest
from newsroom_visits import END, START, ask, faulty, visit

from crawler.newsroom import Newsroom, Press

HOST = "one.example"
ARTICLE = {
    "id": "a",
    "theme": "space",
    "title": "今天的火箭",
    "lead": "火箭。",
    "paragraphs": ["火箭升空，今天天气好。"],
}
LATER = {**ARTICLE, "id": "b", "title": "后来", "lead": "后来的火箭。"}


@pytest.mark.parametrize(
    ("fault", "status", "ends"),
    [
        ({"fault": "moved_to_charity", "to": "https://two.example/"}, 302, "gone"),
        ({"fault": "block_page"}, 200, "blocked"),
        ({"fault": "captcha"}, 302, "blocked"),
        ({"fault": "gone"}, 404, "gone"),
        ({"fault": "rate_567", "times": 20}, 567, ""),
    ],
)
def test_a_fault_that_names_an_article_strikes_its_page_alone(fault, status, ends):
    newsroom, one = faulty(article="a", **fault)
    answer = visit(newsroom, one)
    assert (answer.status, one.ends, one.traits) == (status, ends, (fault["fault"],))
    assert "火箭升空" not in answer.body.decode()
    assert ask(newsroom, HOST, "/rss.xml").body.count(b"<item>") == 1


@pytest.mark.parametrize(("fault", "status"), [("firewall_501", 501), ("business_error", 200), ("block_page", 200)])
def test_a_fault_of_lists_strikes_between_two_times(fault, status):
    newsroom, one = faulty(fault=fault, begins=5, ends=7)
    for hours, struck in ((4.9, False), (5, True), (6.9, True), (7, False)):
        answer = ask(newsroom, HOST, "/rss.xml", START + timedelta(hours=hours))
        assert (b"<item>" not in answer.body) == struck
        assert (answer.status, answer.fault) == ((status, fault) if struck else (200, ""))
    assert b"</html>" in visit(newsroom, one, START + timedelta(hours=6)).body


def test_a_fault_of_lists_may_name_one():
    newsroom, _ = faulty(fault="business_error", path="/other.xml", begins=0, ends=99)
    assert ask(newsroom, HOST, "/rss.xml", START).body.count(b"<item>") == 1


def test_a_captcha_has_a_page_of_its_own():
    newsroom, _ = faulty(fault="captcha", article="a")
    assert "去验证" in ask(newsroom, HOST, "/mp/wappoc_appmsgcaptcha").body.decode()


def press(*sites: dict) -> Press:
    given = {"shape": "rss", "title": "一站", "backlog": {"articles": 1}, "articles": ["a"]}
    return Press.model_validate({"articles": [ARTICLE, LATER], "sites": [{**given, **site} for site in sites]})


def test_a_spun_copy_says_what_it_copies_and_shows_other_words():
    spinning = [{"site": HOST, "articles": ["a"], "swaps": {"今天": "本日", "天气": "气候"}}]
    newsroom = Newsroom(
        start=START, press=press({"host": HOST}, {"host": "two.example", "articles": [], "reprints": spinning})
    )
    original, spun = newsroom.truth
    assert (spun.copy_of, spun.copy_of_url, spun.traits) == (original.key, original.url, ("spun",))
    assert spun.title == "本日的火箭"
    assert newsroom.shown(spun).paragraphs == ("火箭升空，本日气候好。",)
    assert newsroom.shown(original).paragraphs == ("火箭升空，今天天气好。",)


def test_the_longer_of_two_words_is_swapped():
    article = press({"host": HOST}).articles[0]
    assert article.spun({"天": "日", "今天": "本日"}).paragraphs == ("火箭升空，本日日气好。",)


def test_a_text_that_changes_is_the_other_one_from_its_time_on():
    listed = {"id": "a", "title": "题", "becomes": {"id": "b", "after_hours": 2}}
    newsroom = Newsroom(start=START, press=press({"host": HOST, "articles": [listed]}))
    one = newsroom.truth[0]
    before = newsroom.shown(one, one.changes_at - timedelta(seconds=1))
    assert (before.title, before.lead) == ("题", "火箭。")
    assert newsroom.shown(one, one.changes_at).title == "后来"
    assert (one.becomes, one.changes_at - one.at, one.traits) == ("b", timedelta(hours=2), ("changes",))


def test_a_text_that_is_not_there_cannot_be_become():
    with pytest.raises(ValueError, match="not there: x"):
        press({"host": HOST, "articles": [{"id": "a", "becomes": {"id": "x", "after_hours": 2}}]})


def test_all_sites_of_the_press_give_the_same_bytes_twice():
    def everything(newsroom: Newsroom):
        return [visit(newsroom, one) for one in newsroom.truth]

    one, two = Newsroom(start=START), Newsroom(start=START)
    assert everything(one) == everything(two)


def test_nothing_of_any_site_stands_before_its_time():
    newsroom = Newsroom(start=START)
    for one in newsroom.published_until(END):
        early = visit(newsroom, one, one.at - timedelta(seconds=1))
        shown = newsroom.article(one.article_id).paragraphs[0].encode()
        assert "same_title" in one.traits or shown not in early.body
