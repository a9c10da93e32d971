"""A kept article is asked for again: changed texts become versions, deletions are marked, nothing else changes."""

from datetime import UTC, datetime, timedelta

import pytest
from rig import START, Answer, article_page, feed
from sqlalchemy.exc import IntegrityError

from crawler.revisits import after_failure, next_revisit
from pipelines.archive.diff import changed_clauses, readable_diff
from pipelines.search.tokens import tokens

A = "https://alpha.example/a"
TEXT = (
    "这台机器人今天第一次走进了工厂。工程师在旁边记录它的每一个动作。它一共走了四百步。没有摔倒。"
    "工程师说，这样的机器人明年会有一百台，先用来搬运零件，再去学拧螺丝。"
    "厂长说，机器人不会马上代替工人，夜班会先交给它。"
)
AGES = (timedelta(hours=24), timedelta(hours=72))
HOUR = timedelta(hours=1)


def page(text=TEXT, title="机器人进厂"):
    return article_page(title, text)


@pytest.fixture
def kept(rig, site):
    """One article kept at START; its page answers with an ETag, and with 304 to who knows it."""
    site.routes["alpha.example/feed"] = Answer(feed(A))
    serve(site, page())
    rig.crawl()
    assert rig.outcomes() == {"a": "kept"}
    site.hits.clear()
    return rig


def serve(site, body, status=200, **headers):
    def answer(request):
        tag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == tag:
            return Answer(status=304)
        return Answer(body, status=status, headers={"ETag": tag, **headers})

    site.routes["alpha.example/a"] = answer


def later(rig, hours, **options):
    rig.clock.move_to(START + hours * HOUR)
    return rig.crawl(**options)


def state(rig):
    [row] = rig.query("SELECT revisit_at, deleted_at, filed, (SELECT count(*) FROM version) FROM article")
    due, deleted, filed, versions = row
    return {"due": hours_of(due), "deleted": hours_of(deleted), "filed": filed, "versions": versions}


def hours_of(text):
    if text is None:
        return None
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - START) / HOUR, 1)


def asked(site):
    return site.hits.count("alpha.example/a")


def file_of(rig):
    [path] = rig.files()
    return (rig.data / "archive" / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, 24), (23.9, 24), (24, 72), (71, 72), (72, None), (500, None)]
)  # fmt: skip
def test_the_next_look_is_at_the_first_age_to_come(hours, expected):
    found = next_revisit(START, AGES, START + hours * HOUR)
    assert found == (None if expected is None else START + expected * HOUR)


@pytest.mark.parametrize(("hours", "expected"), [(24, 30), (72, 78), (143.9, 149.9), (144, None)])
def test_a_look_that_failed_is_tried_again_for_three_days_after_the_last_age(hours, expected):
    found = after_failure(START, AGES, START + hours * HOUR)
    assert found == (None if expected is None else START + expected * HOUR)


def test_it_is_asked_for_twice_conditionally_and_never_again(kept, site):
    for hours in (12, 23, 25, 30, 73, 80, 200):
        later(kept, hours)
    assert asked(site) == 2
    conditions = [seen["If-None-Match"] for hit, seen in zip(site.hits, site.seen[-len(site.hits) :], strict=True)
                  if hit == "alpha.example/a"]  # fmt: skip
    assert len(set(conditions)) == 1
    assert state(kept) == {"due": None, "deleted": None, "filed": 1, "versions": 1}


def test_a_changed_text_is_a_new_version_with_its_diff_and_no_outcome(kept, site):
    before = kept.query("SELECT key, outcome, reason, ended FROM entry")
    serve(site, page(TEXT.replace("四百步", "五百步")))
    report = later(kept, 25)
    assert (report.errors, report.balances, report.books[0].found) == ((), True, 0)
    assert kept.query("SELECT key, outcome, reason, ended FROM entry") == before
    assert kept.query("SELECT number, text FROM version ORDER BY number") == [
        (1, TEXT), (2, TEXT.replace("四百步", "五百步")),
    ]  # fmt: skip
    [(diff,)] = kept.query("SELECT diff FROM version WHERE number = 2")
    assert diff == "  工程师在旁边记录它的每一个动作。\n- 它一共走了四百步。\n+ 它一共走了五百步。\n  没有摔倒。"
    assert "五百步" in file_of(kept)
    assert "  version: 2\n" in file_of(kept)
    assert state(kept) == {"due": 72.0, "deleted": None, "filed": 1, "versions": 2}


def test_the_file_keeps_its_place_when_the_title_changes(kept, site):
    files = kept.files()
    serve(site, page(title="机器人进厂，走了四百步"))
    later(kept, 25)
    assert kept.files() == files
    assert 'title: "机器人进厂，走了四百步"' in file_of(kept)


def test_other_punctuation_is_no_new_version(kept, site):
    serve(site, page(TEXT.replace("。", "． ")))
    later(kept, 25)
    assert state(kept)["versions"] == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_marked_and_asked_for_once_more(kept, site, status):
    serve(site, "", status=status)
    later(kept, 25)
    assert state(kept) == {"due": 49.0, "deleted": 25.0, "filed": 1, "versions": 1}
    assert "  deleted_at: " in file_of(kept)
    later(kept, 50)
    assert (asked(site), state(kept)["due"], state(kept)["deleted"]) == (2, None, 25.0)
    later(kept, 100)
    assert asked(site) == 2
    assert kept.query("SELECT outcome FROM entry") == [("kept",)]


def test_a_page_that_comes_back_loses_its_mark(kept, site):
    serve(site, "", status=404)
    later(kept, 25)
    serve(site, page())
    later(kept, 50)
    assert state(kept) == {"due": 72.0, "deleted": None, "filed": 1, "versions": 1}
    assert "deleted_at" not in file_of(kept)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(page(), headers={"X-Robots-Tag": "noarchive"}), id="header"),
        pytest.param(Answer(article_page("机器人进厂", TEXT, '<meta name="robots" content="noarchive">')), id="meta"),
        pytest.param(Answer(status=302, headers={"Location": "/"}), id="sent to the front page"),
    ],
)
def test_a_text_whose_source_withdraws_it_is_withheld(kept, site, answer):
    site.routes["alpha.example/"] = Answer(article_page("首页", "今天的新闻很多。" * 20))
    site.routes["alpha.example/a"] = answer
    later(kept, 25)
    assert state(kept)["deleted"] == 25.0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(status=503), id="server error"),
        pytest.param(Answer(status=403), id="refused"),
        pytest.param(Answer("<html><body>稍后</body></html>"), id="no text"),
        pytest.param(Answer(b"x" * 20_000_000), id="too large"),
    ],
)
def test_a_look_that_fails_says_nothing_about_the_article(kept, site, answer):
    site.routes["alpha.example/a"] = answer
    report = later(kept, 25)
    assert (report.errors, state(kept)["deleted"], state(kept)["versions"]) == ((), None, 1)
    assert state(kept)["due"] >= 31
    assert kept.query("SELECT outcome, attempts FROM entry") == [("kept", 0.0)]
    for hours in range(32, 400, 8):
        later(kept, hours)
    assert state(kept)["due"] is None


def test_a_page_robots_txt_forbids_by_now_is_not_asked_for(kept, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /a\n")
    later(kept, 25)
    assert (asked(site), state(kept)["deleted"], state(kept)["due"]) == (0, None, 31.0)


def test_a_host_that_asked_to_be_left_alone_is(kept, site):
    site.routes["alpha.example/a"] = Answer(status=429, headers={"Retry-After": "72000"})
    later(kept, 25)
    assert state(kept)["due"] == 45.0


def test_copies_and_articles_off_theme_are_not_asked_for_again(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, "https://alpha.example/copy", "https://alpha.example/off"))
    site.routes["alpha.example/a"] = site.routes["alpha.example/copy"] = Answer(page())
    site.routes["alpha.example/off"] = Answer(article_page("天气", "今天多云转晴，气温适宜，适合出门散步。" * 4))
    rig.crawl()
    assert sorted(rig.outcomes().values()) == ["copy", "kept", "off_theme"]
    site.hits.clear()
    later(rig, 25)
    assert [hit for hit in site.pages() if hit != "alpha.example/feed"] == ["alpha.example/a"]


def test_revisits_can_be_switched_off(rig, site):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "revisit": []})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    serve(site, page())
    rig.crawl()
    later(rig, 25)
    assert asked(site) == 1


def test_a_fault_of_ours_in_a_second_look_is_told_and_harms_nothing(kept, site, monkeypatch):
    def broken(*arguments, **named):
        raise IntegrityError("statement", {}, ValueError("broken"))

    monkeypatch.setattr("pipelines.archive.revise.add_version", broken)
    serve(site, page("机器人换了一段完全不同的文字，说的还是同一件事情。" * 4))
    report = later(kept, 25)
    assert len(report.errors) == 1
    assert state(kept) == {"due": 31.0, "deleted": None, "filed": 1, "versions": 1}


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        pytest.param("甲。乙。", "甲。乙。", "", id="the same"),
        pytest.param("甲。乙。丙。", "甲。丁。丙。", "  甲。\n- 乙。\n+ 丁。\n  丙。", id="one clause"),
        pytest.param("甲。\n乙。", "甲。\n乙。\n丙。", "  乙。\n+ 丙。", id="a paragraph more"),
        pytest.param("他说：“走。”甲。", "他说：“走。”乙。", "  他说：“走。”\n- 甲。\n+ 乙。", id="quotes stay whole"),
        pytest.param("一。二。三。四。五。六。七。", "零。二。三。四。五。六。八。",
                     "- 一。\n+ 零。\n  二。\n  …\n  六。\n- 七。\n+ 八。", id="gaps are shown"),
    ],
)  # fmt: skip
def test_a_diff_is_by_clause(old, new, diff):
    assert readable_diff(old, new) == diff


def test_a_new_title_stands_first_in_a_diff():
    diff = readable_diff("甲。乙。", "甲。丙。", old_title="旧", new_title="新")
    assert diff == "- 《旧》\n+ 《新》\n  …\n  甲。\n- 乙。\n+ 丙。"
    assert changed_clauses(diff) == (2, 2)


def test_the_newest_version_is_what_search_finds(kept, site):
    def found(words):
        return kept.query(
            "SELECT count(*) FROM search_index WHERE search_index MATCH :words", words=f'"{tokens(words)}"'
        )

    serve(site, page(TEXT.replace("四百步", "五百步")))
    later(kept, 25)
    assert (found("它一共走了五百步"), found("它一共走了四百步")) == ([(1,)], [(0,)])


@pytest.mark.parametrize(
    ("old", "new", "versions"),
    [
        pytest.param("四百步", "4.5万步", 2, id="words"),
        pytest.param("1.5亿", "15亿", 2, id="a decimal point"),
        pytest.param("3%", "3", 2, id="a per cent"),
        pytest.param("-2度", "2度", 2, id="a sign"),
        pytest.param("2月,3月", "2月，3月", 1, id="a comma of another width"),
    ],
)
def test_a_corrected_number_is_a_change_and_punctuation_is_none(rig, site, old, new, versions):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    serve(site, page(TEXT.replace("四百步", old)))
    rig.crawl()
    serve(site, page(TEXT.replace("四百步", new)))
    later(rig, 25)
    assert state(rig)["versions"] == versions


def test_what_another_extractor_reads_is_no_news_of_the_source(kept, site, monkeypatch):
    monkeypatch.setattr("pipelines.extract.reading.EXTRACTOR", "trafilatura 99")
    serve(site, page(TEXT.replace("四百步", "五百步")))
    later(kept, 25)
    assert kept.query("SELECT diff FROM version WHERE number = 2") == [("",)]
    assert kept.query("SELECT extractor FROM article") == [("trafilatura 99",)]


def test_an_article_that_comes_to_say_what_a_later_one_says_stands_for_it(rig, site):
    other = "https://alpha.example/b"
    long = TEXT + "后来又补了一段：" + "第二天，机器人走完了整条装配线。" * 8
    site.routes["alpha.example/feed"] = Answer(feed(A, other))
    site.routes["alpha.example/b"] = Answer(article_page("机器人进厂", long))
    serve(site, page())
    rig.crawl()
    assert rig.outcomes() == {"a": "kept", "b": "kept"}
    serve(site, page(long))
    later(rig, 25)
    assert rig.query("SELECT entry, original, level FROM copy") == [(2, 1, "same_text")]
    assert rig.query("SELECT entry, outcome, representative FROM article ORDER BY entry") == [
        (1, "kept", None), (2, "kept", 1),
    ]  # fmt: skip
