"""The newsroom: the same bytes for the same seed, nothing before its time, and a truth that holds."""

import re
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from importlib.resources import files

import lxml.html
import pytest
import yaml
from click.testing import CliRunner
from newsroom_visits import (
    CHENFENG,
    END,
    FEEDS,
    LATE,
    LIST,
    MIRROR,
    SECOND,
    START,
    XINCHAO,
    ask,
    bytes_of,
    faulty,
    feed_of,
    text_of,
    visit,
    with_trait,
)

from crawler.config.models import Source
from crawler.newsroom import Newsroom, Press, PressError, load_press, shipped_sources
from crawler.newsroom.__main__ import main
from crawler.newsroom.answers import http_date
from crawler.urls import article_key


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def test_the_same_seed_and_start_give_the_same_truth_and_the_same_bytes(newsroom):
    again = Newsroom(seed=7, start=START)
    assert again.truth == newsroom.truth
    assert bytes_of(again) == bytes_of(newsroom)


def test_another_seed_gives_other_times(newsroom):
    assert {one.at for one in Newsroom(seed=8, start=START).truth}.isdisjoint({one.at for one in newsroom.truth})


def test_the_zone_in_which_the_start_is_written_changes_nothing(newsroom):
    assert Newsroom(start=START.astimezone(UTC)).truth == newsroom.truth


def test_a_longer_newsroom_keeps_the_times_of_a_shorter_one(newsroom):
    short = {(one.site, one.article_id, one.traits): one.at for one in Newsroom(start=START, days=1).truth}
    long = {(one.site, one.article_id, one.traits): one.at for one in newsroom.truth}
    assert short.items() < long.items()


def test_a_start_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        Newsroom(start=START.replace(tzinfo=None))


def test_sites_publish_only_in_their_hours_and_as_often_as_their_rhythm_says(newsroom):
    for site in load_press().sites:
        mine = [one for one in newsroom.truth if (one.site, one.section) == (site.host, site.section)]
        own = [one.at.astimezone(site.zone) for one in mine if not one.copy_of]
        assert all(at.hour in site.rhythm.hours for at in own)
        assert len([at for at in own if at < START]) == site.backlog.articles
        written = len(site.articles) - site.backlog.articles  # one that has no more falls silent
        assert len([at for at in own if START <= at < END]) == min(2 * site.rhythm.per_day, written)


def test_the_articles_cover_every_theme_and_their_title_and_lead_name_it():
    names = {
        "deepseek": "DeepSeek",
        "agents": "智能体",
        "six_dragons": "六小龙",
        "humanoid": "人形机器人",
        "inference_chips": "推理芯片",
        "batteries": "电池",
        "autonomous_driving": "自动驾驶",
        "space": "航天",
        "biotech": "药",
        "ai_investment": "AI投资",
    }
    articles = load_press().articles
    assert len(articles) >= 42
    assert all(sum(one.theme == theme for one in articles) >= 3 for theme in names)
    on_theme = [one for one in articles if one.theme != "off"]
    assert [one.id for one in on_theme if names[one.theme] not in one.title + one.lead] == []


@pytest.mark.parametrize("host", FEEDS)
def test_a_publication_cannot_be_seen_a_second_before_its_time(newsroom, host):
    for one in [one for one in newsroom.published_until(END, host) if one.at > START and "gone" not in one.traits]:
        assert visit(newsroom, one, one.at - SECOND).status == 404
        assert visit(newsroom, one, one.at).status == 200


@pytest.mark.parametrize("host", FEEDS)
def test_a_feed_announces_an_article_from_its_time_on(newsroom, host):
    one = next(one for one in newsroom.truth if one.site == host and one.at > START)
    assert one.url not in {entry.link for entry in feed_of(newsroom, host, one.at - SECOND).entries}
    assert feed_of(newsroom, host, one.at).entries[0].link == one.url


@pytest.mark.parametrize("host", FEEDS)
def test_a_feed_holds_the_twenty_newest_as_the_truth_has_them(newsroom, host):
    feed = feed_of(newsroom, host)
    newest = newsroom.published_until(END, host)[::-1][:20]
    assert not feed.bozo
    assert [(entry.title, entry.link) for entry in feed.entries] == [(one.title, one.url) for one in newest]
    assert [parsedate_to_datetime(entry.published) for entry in feed.entries] == [one.at for one in newest]
    assert [entry.id for entry in feed.entries] == [one.url.split("?")[0] for one in newest]
    leads = [newsroom.article(one.article_id).lead for one in newest]
    assert all(lead in entry.summary for lead, entry in zip(leads, feed.entries, strict=True))


def test_one_feed_item_has_its_summary_in_html(newsroom):
    one = with_trait(newsroom, "html_summary", XINCHAO)
    summary = next(entry.summary for entry in feed_of(newsroom, XINCHAO, one.at).entries if entry.link == one.url)
    assert "nvidia-gpu" in summary
    assert summary.endswith(f"<p>{newsroom.article(one.article_id).lead}</p>")


def test_a_feed_never_holds_more_than_twenty(newsroom):
    assert len(newsroom.published_until(LATE, CHENFENG)) < 20  # the shipped data alone would not show it
    press = load_press()
    listed = tuple(press.sites[0].articles[0].model_copy(update={"id": one.id}) for one in press.articles)
    backlog = press.sites[0].backlog.model_copy(update={"articles": 30})
    site = press.sites[0].model_copy(update={"articles": listed, "backlog": backlog})
    crowded = Newsroom(start=START, press=press.model_copy(update={"sites": (site,)}))
    assert len(feed_of(crowded, CHENFENG).entries) == 20


def test_the_gbk_site_is_really_in_gbk(newsroom):
    answer = ask(newsroom, XINCHAO, "/feed")
    assert "新潮观察" in answer.body.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")


def test_links_of_the_gbk_site_carry_tracking_that_the_key_does_not(newsroom):
    one = newsroom.published_until(END, XINCHAO)[0]
    assert "utm_source=rss" in one.url
    assert one.key == article_key(one.url) == article_key(one.url.split("?")[0])


def test_copies_have_the_text_of_their_originals_and_come_hours_later(newsroom):
    by_key = {one.key: one for one in newsroom.truth}
    copies = [one for one in newsroom.truth if one.copy_of]
    assert len(copies) >= 7
    for one in [one for one in copies if not {"spun", "external", "paid", "portal"} & set(one.traits)]:
        shown = lxml.html.fromstring(visit(newsroom, one).body).text_content()
        assert all(block in shown for block in newsroom.article(one.article_id).blocks)
    for one in copies:
        original = by_key[one.copy_of]
        assert timedelta(hours=3) <= one.at - original.at <= timedelta(hours=9)
        assert "spun" not in one.traits or one.title != original.title


def test_some_copies_have_a_title_of_their_own(newsroom):
    titles = {one.key: one.title for one in newsroom.truth}
    assert {one.title == titles[one.copy_of] for one in newsroom.truth if one.copy_of} == {True, False}


def test_a_page_is_a_real_portal_page_with_its_text_among_other_things(newsroom):
    one = newsroom.published_until(END, CHENFENG)[-1]
    page = lxml.html.fromstring(visit(newsroom, one).body)
    assert text_of(newsroom, one) == list(newsroom.article(one.article_id).blocks)
    assert all(page.cssselect(part) for part in ("nav", "aside", ".related a", "footer", "h1"))


def test_a_page_stays_the_same_while_others_are_published(newsroom):
    one = newsroom.published_until(END, XINCHAO)[0]
    assert visit(newsroom, one, END).body == visit(newsroom, one, LATE).body


def test_no_two_publications_share_a_key(newsroom):
    assert len({one.key for one in newsroom.truth}) == len(newsroom.truth)


@pytest.mark.parametrize(("host", "path"), [*FEEDS.items(), (MIRROR, LIST)])
def test_an_unchanged_list_costs_a_304_by_etag_and_by_date(newsroom, host, path):
    first = ask(newsroom, host, path)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in ({"If_None_Match": etag}, {"if_none_match": f'"x", W/{etag}'}, {"If_Modified_Since": modified}):
        again = ask(newsroom, host, path, **headers)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize(("host", "path"), [*FEEDS.items(), (MIRROR, LIST)])
def test_a_grown_list_is_sent_again(newsroom, host, path):
    before = ask(newsroom, host, path, START)
    assert ask(newsroom, host, path, If_None_Match=before.headers["ETag"]).status == 200
    assert ask(newsroom, host, path, If_Modified_Since=before.headers["Last-Modified"]).status == 200


def test_a_page_is_conditional_too(newsroom):
    one = newsroom.published_until(END, MIRROR)[-1]
    etag = visit(newsroom, one).headers["ETag"]
    assert visit(newsroom, one, If_None_Match=etag).status == 304


def test_an_etag_stands_before_a_date_and_a_broken_date_is_ignored(newsroom):
    assert ask(newsroom, CHENFENG, "/rss.xml", If_None_Match='"old"', If_Modified_Since=http_date(LATE)).status == 200
    assert ask(newsroom, CHENFENG, "/rss.xml", If_Modified_Since="yesterday").status == 200


def test_rss_sites_disallow_print_and_a_feed_points_there(newsroom):
    robots = ask(newsroom, CHENFENG, "/robots.txt").body.decode()
    assert "Disallow: /print/" in robots
    assert robots == ask(newsroom, XINCHAO, "/robots.txt").body.decode()
    links = [entry.link for entry in feed_of(newsroom, CHENFENG).entries]
    assert [link for link in links if "/print/" in link] == [with_trait(newsroom, "print", CHENFENG).url]


def test_the_mirror_has_no_robots_and_wechat_lets_nobody_in(newsroom):
    assert ask(newsroom, MIRROR, "/robots.txt").status == 404
    assert "Disallow: /\n" in ask(newsroom, "mp.weixin.qq.com", "/robots.txt").body.decode()
    assert visit(newsroom, with_trait(newsroom, "no_backup")).status == 403


def test_a_gone_article_is_announced_and_answers_404(newsroom):
    one = with_trait(newsroom, "gone", CHENFENG)
    assert one.url in {entry.link for entry in feed_of(newsroom, CHENFENG).entries}
    assert visit(newsroom, one).status == 404


@pytest.mark.parametrize(("nth", "status"), [(1, 503), (2, 503), (3, 200)])
def test_a_server_error_heals_after_its_requests(nth, status):
    newsroom, one = faulty(fault="server_error", article="a", times=2, retry_after=90)
    answer = visit(newsroom, one, nth=nth)
    assert answer.status == status
    assert answer.headers.get("Retry-After") == ("90" if status == 503 else None)
    assert ask(newsroom, "one.example", "/rss.xml", nth=1).status == 200


@pytest.mark.parametrize(("hours", "status"), [(4.99, 200), (5, 503), (6.99, 503), (7, 200)])
def test_a_feed_is_down_between_two_times_and_its_pages_are_not(hours, status):
    newsroom, one = faulty(fault="feed_down", begins=5, ends=7)
    now = START + timedelta(hours=hours)
    assert ask(newsroom, "one.example", "/rss.xml", now).status == status
    assert visit(newsroom, one, now).status == 200


def test_a_word_that_no_fault_has_is_refused_with_the_nearest():
    with pytest.raises(PressError, match="nearest: feed_down"):
        faulty(fault="fed_down")


def test_a_site_that_lists_an_article_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"one\.example lists articles that are not there: b"):
        Press.model_validate(
            {"articles": [], "sites": [{"host": "one.example", "shape": "rss", "title": "", "articles": ["b"]}]}
        )


def test_data_that_cannot_be_read_is_refused_with_its_folder(tmp_path):
    (tmp_path / "articles.yaml").write_text("- {id: a}")
    (tmp_path / "press.yaml").write_text("[]")
    with pytest.raises(PressError, match=re.escape(str(tmp_path))):
        load_press(tmp_path)


@pytest.mark.parametrize(
    ("host", "method", "status"),
    [("nowhere.example", "GET", 502), (CHENFENG, "POST", 405), (CHENFENG, "HEAD", 200), (CHENFENG.upper(), "GET", 200)],
)
def test_hosts_and_methods(newsroom, host, method, status):
    assert ask(newsroom, host, "/rss.xml", method=method).status == status


def test_the_front_page_names_the_feed(newsroom):
    page = lxml.html.fromstring(ask(newsroom, CHENFENG, "/").body)
    assert page.cssselect("link[rel=alternate]")[0].get("href") == "/rss.xml"


def test_the_shipped_sources_are_valid_and_name_the_lists_of_the_press(newsroom):
    sources = [Source.model_validate(yaml.safe_load(text)) for text in shipped_sources().values()]
    own = {newsroom.list_url(*place) for place in newsroom.sections if place[0].endswith(".example") or place[1]}
    hot = "https://r.inews.qq.com/gw/event/hot_ranking_list?page_size=50"  # a further list of a site of the config
    assert {source.endpoints[0].url for source in sources} == {*own, hot}


def test_data_and_templates_lie_inside_the_package():
    package = files("crawler.newsroom")
    assert all(
        (package / name).is_file() for name in ("data/articles.yaml", "data/press.yaml", "templates/feed.xml.j2")
    )


@pytest.mark.parametrize("moment", ["2025-03-03", "soon"])
def test_the_command_wants_a_time_with_its_zone(moment):
    result = CliRunner().invoke(main, ["--now", moment])
    assert result.exit_code == 2
    assert "2025-03-03" in result.output
