"""The mirror in the newsroom: list rows and files in the literal shape, oddities included."""

import re

import pytest
from newsroom_visits import END, LIST, MIRROR, SECOND, START, ask, rows_of, visit, with_trait

from crawler.newsroom import Newsroom
from crawler.urls import article_key


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def test_the_mirror_lists_rows_in_the_literal_shape_newest_first(newsroom):
    rows = rows_of(newsroom)
    newest = newsroom.published_until(END, MIRROR, "")[::-1]
    again = [one for one in newest if "listed_twice" in one.traits]
    assert [row["title"] for row in rows] == [one.title for one in (*newest, *again)]
    assert [article_key(row["url"]) for row in rows[: len(newest)]] == [one.key for one in newest]
    assert [row["day"] for row in rows] == [f"{one.at.astimezone(START.tzinfo):%Y-%m-%d}" for one in (*newest, *again)]
    assert ask(newsroom, MIRROR, LIST).body.decode().count("\n- ") == len(rows)


def test_a_row_appears_when_its_time_comes(newsroom):
    one = next(one for one in newsroom.truth if (one.site, one.section) == (MIRROR, "") and one.at > START)
    assert one.title not in [row["title"] for row in rows_of(newsroom, one.at - SECOND)]
    assert rows_of(newsroom, one.at)[0]["title"] == one.title


def test_one_key_stands_twice_in_the_mirrors_list(newsroom):
    keys = [article_key(row["url"]) for row in rows_of(newsroom)]
    assert [key for key in set(keys) if keys.count(key) > 1] == [with_trait(newsroom, "listed_twice").key]


def test_the_mirrors_keys_are_those_of_the_wechat_originals(newsroom):
    for one in newsroom.published_until(END, MIRROR):
        assert one.key.startswith("wechat:")
        assert one.key == article_key(one.original_url)


def test_a_backup_file_has_the_literal_shape(newsroom):
    one = next(one for one in newsroom.truth if one.site == MIRROR and one.traits in {(), ("loose",)})
    lines = visit(newsroom, one).body.decode().split("\n\n")
    notice = "公众号【懒人搜索】备份，仅供查阅学习 "
    assert lines[:3] == [f"# {one.title}", "[**返回列表页**](/gzh/九边)", notice]
    assert "\n\n".join(lines[3:]).strip().split("\n\n") == list(newsroom.article(one.article_id).blocks)


@pytest.mark.parametrize("spelling", ["/gzh/九边.md", "/gzh/%E4%B9%9D%E8%BE%B9.md", "/gzh/%e4%b9%9d%e8%be%b9.md"])
def test_the_list_answers_to_every_spelling_of_its_path(newsroom, spelling):
    assert ask(newsroom, MIRROR, spelling).status == 200


def test_the_shell_holds_no_article_and_what_is_not_there_is_404(newsroom):
    shell = ask(newsroom, MIRROR, "/").body.decode()
    assert "$docsify" in shell
    assert not any(one.title in shell for one in newsroom.truth)
    assert ask(newsroom, MIRROR, "/gzh/九边").status == 404
    assert ask(newsroom, MIRROR, "/gzh/backup/九边/没有这篇.md").status == 404


def test_one_backup_is_the_word_none(newsroom):
    body = visit(newsroom, with_trait(newsroom, "none_body")).body.decode()
    assert body.split("\n\n")[3:] == ["None\n"]


def test_a_row_without_backup_leads_to_the_original_alone(newsroom):
    one = with_trait(newsroom, "no_backup")
    row = next(row for row in rows_of(newsroom) if row["title"] == one.title)
    assert row["backup"] is None
    assert one.url == one.original_url == row["url"]
    assert ask(newsroom, MIRROR, f"/gzh/backup/九边/{one.title}.md").status == 404


def test_a_paid_row_says_so_and_its_file_is_a_teaser(newsroom):
    one = with_trait(newsroom, "paid")
    article = newsroom.article(one.article_id)
    file = visit(newsroom, one).body.decode()
    assert f"- (付费)[{one.title}]" in ask(newsroom, MIRROR, LIST).body.decode()
    assert article.lead in file
    assert article.paragraphs[0] not in file


def test_summaries_are_sometimes_empty(newsroom):
    text = ask(newsroom, MIRROR, LIST).body.decode()
    empty = [one for one in newsroom.published_until(END, MIRROR) if "no_summary" in one.traits]
    assert text.count("    - 摘要：\n") == len(empty) > 0


def test_an_image_has_the_broken_query_string_of_the_conversion(newsroom):
    assert "&from;=appmsg" in visit(newsroom, with_trait(newsroom, "image")).body.decode()


def test_the_path_of_an_original_is_no_page_of_the_mirror(newsroom):
    assert ask(newsroom, MIRROR, "/s").status == 404


# -- a second account -------------------------------------------------------------------------------------------------

ACCOUNT = "刘润"


def of_account(newsroom: Newsroom, trait: str):
    return next(one for one in newsroom.truth if one.section == ACCOUNT and trait in one.traits)


def file_of(newsroom: Newsroom, trait: str) -> str:
    return visit(newsroom, of_account(newsroom, trait)).body.decode()


def test_the_index_names_both_accounts_and_each_has_a_list_of_its_own(newsroom):
    index = ask(newsroom, MIRROR, "/gzh/gzh_list.md").body.decode()
    assert re.findall(r"^- \[(.+)\]\(/gzh/\1\)$", index, re.MULTILINE) == ["九边", ACCOUNT]
    rows = ask(newsroom, MIRROR, f"/gzh/{ACCOUNT}.md").body.decode()
    assert re.findall(r"^- \[(.*)\]\(http", rows, re.MULTILINE) == [
        ("\u200b" if "zero_width" in one.traits else "") + one.title
        for one in newsroom.published_until(END, MIRROR, ACCOUNT)[::-1]
    ]


def test_the_list_grows_at_its_top(newsroom):
    before, after = (
        ask(newsroom, MIRROR, f"/gzh/{ACCOUNT}.md", now).body.decode().partition("## 文章列表\n")[2]
        for now in (START, END)
    )
    assert after.endswith(before)
    assert len(after) > len(before) > 0


@pytest.mark.parametrize(
    ("trait", "ends", "status"),
    [("missing", "gone", 404), ("empty", "no_text", 200), ("stub", "no_text", 200)],
)
def test_what_has_no_text_of_its_own_says_how_it_must_end(newsroom, trait, ends, status):
    one = of_account(newsroom, trait)
    assert (visit(newsroom, one).status, one.ends) == (status, ends)
    assert f"[备份查看](/gzh/backup/{ACCOUNT}/{one.title})" in ask(newsroom, MIRROR, f"/gzh/{ACCOUNT}.md").body.decode()


def test_an_empty_file_a_stub_and_a_file_of_an_older_piece(newsroom):
    assert file_of(newsroom, "empty") == ""
    stub = file_of(newsroom, "stub")
    assert stub.count(f"# {of_account(newsroom, 'stub').title}\n") == 2
    assert len(stub.encode()) < 260
    again = of_account(newsroom, "same_title")
    older = next(one for one in newsroom.truth if one.url == again.url)
    assert (older.article_id, older.key != again.key) == (again.article_id, True)
    assert newsroom.article(older.article_id).lead in file_of(newsroom, "same_title")


def test_a_title_and_its_file_begin_with_a_character_nobody_sees(newsroom):
    one = of_account(newsroom, "zero_width")
    assert "/%E2%80%8B" in one.url
    assert file_of(newsroom, "zero_width").startswith(f"# \u200b{one.title}\n")


def test_the_debris_of_the_conversion_and_the_older_notice(newsroom):
    text = file_of(newsroom, "debris")
    for piece in (
        "****",
        "](https://mp.weixin.qq.com/)",
        "[![](https://",
        ")]()",
        "\xa0\xa0",
        "小懒自动备份，仅供查阅学习",
    ):
        assert piece in text
    assert re.search(r"\*\*[^*]+\*\*\*\*[^*]+\*\*", text)


def test_lines_are_broken_near_column_78_inside_addresses_too(newsroom):
    one = of_account(newsroom, "wrapped")
    text = file_of(newsroom, "wrapped")
    blocks = text.split("\n\n")[3:]
    widths = [sum(1 if sign.isascii() else 2 for sign in line) for block in blocks for line in block.split("\n")]
    assert max(widths) <= 78
    assert "".join(text.split("\n")).count("".join(newsroom.article(one.article_id).blocks[2:4])) == 1
    picture = next(block for block in blocks if block.startswith("![]("))
    assert "\n" in picture
    assert "&from;=appmsg" in picture.replace("\n", "")


def test_lines_about_the_account_stand_around_the_text(newsroom):
    blocks = file_of(newsroom, "promotion").split("\n\n")
    assert blocks[3].startswith("戳蓝字")
    assert blocks[-1].startswith("全文完")
