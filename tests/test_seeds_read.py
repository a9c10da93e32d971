"""Seed files of three shapes are read whole; what is none of them is told so."""

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import dating
from shared import SHARED, needs_shared

from crawler.items import Precision
from pipelines.archive.files import FileFacts, render
from pipelines.seeds.read import read_seed
from pipelines.seeds.seed import SeedError, Shape

FIXTURES = Path(__file__).parent / "fixtures" / "seeds"
ZONE = "Asia/Shanghai"
KEPT = datetime(2026, 3, 6, tzinfo=UTC)


def fixture(name):
    return (FIXTURES / name).read_bytes()


def read(raw, name="a.txt"):
    return read_seed(raw if isinstance(raw, bytes) else raw.encode(), name, ZONE)


def front(*lines, body="港口没有关灯。"):
    return "\n".join(["---", *lines, "---", "", body, ""])


def evidence(at):
    return f'presswatch: {{published: {{at: "{at}", precision: second, where: page, text: x, zone: ""}}}}'


def facts(seed, **ours):
    """The archive file's facts, as whoever stores the seed gives them."""
    return FileFacts(
        source=seed.source,
        key=f"url:{seed.url}",
        title=seed.title,
        published=seed.published,
        zone=ZoneInfo(ZONE),
        kept_at=KEPT,
        language=seed.language,
        markdown=seed.markdown,
        text=seed.text,
        cite=seed.url,
        thumbnail=seed.thumbnail,
        images=seed.images,
        ours=ours,
    )


# Hugo


def test_a_hugo_file_says_everything_there_is_to_know():
    seed = read(fixture("hugo.md"))
    assert (seed.shape, seed.title) == (Shape.HUGO, "浪湾港“无人码头”：两年，三座吊车")
    assert (seed.source, seed.account, seed.language) == ("harbour", "", "zh-CN")
    assert seed.url == "https://www.harbour.example/news/202603050017"
    assert seed.thumbnail == "https://img.harbour.example/cover.jpg?w=640"
    assert seed.images == ("https://img.harbour.example/crane-1.jpg",)
    assert seed.markdown.startswith("![图片](")
    assert seed.markdown.endswith("海风很大。")
    assert seed.text.split("\n")[0] == "港口没有关灯，人却走光了。"


def test_its_date_has_its_evidence_and_the_zone_that_was_assumed():
    published = read(fixture("hugo.md")).published
    assert (published.at, published.precision) == (
        datetime(2026, 3, 5, 9, 30, 7, tzinfo=ZoneInfo(ZONE)),
        Precision.SECOND,
    )
    assert (published.where, published.text, published.zone) == ("seed", "2026-03-05 09:30:07", ZONE)


@pytest.mark.parametrize("name", ["hugo.md", "hugo-en.md"])
def test_a_hugo_file_comes_out_of_the_archive_as_it_went_in(name):
    assert_same_file(render(facts(read(fixture(name))), plain=True), fixture(name).decode())


def assert_same_file(written, original):
    """Keys, order and value forms to the letter; the body but for white space."""
    (head, body), (original_head, original_body) = (text[4:].split("\n---\n", 1) for text in (written, original))
    assert list(yaml.safe_load(head).items()) == list(yaml.safe_load(original_head).items())
    assert head == original_head
    assert body.split() == original_body.split()


def test_an_exported_article_is_a_seed_and_keeps_what_presswatch_knew_of_it():
    evidence = dating(datetime(2026, 3, 4, 22, tzinfo=UTC))
    seed = read(fixture("mirror.txt"))
    ours = {"account": seed.account, "url": "https://mirror.example/a.md", "published": evidence.to_json()}
    again = read(render(facts(seed, **ours)))
    assert (again.shape, again.account, again.published) == (Shape.HUGO, "观潮", evidence)
    assert (again.url, again.markdown, again.text) == ("https://mirror.example/a.md", seed.markdown, seed.text)


def test_an_exported_article_of_unknown_date_has_none():
    assert read(render(facts(read(fixture("mirror.txt")), published=None))).published is None


@pytest.mark.parametrize(
    ("lines", "body", "found"),
    [
        pytest.param(["title: 0123"], "港口。", {"title": "0123"}, id="a-number-as-title"),
        pytest.param(["title: 港口", "date: 2026-03-05"], "港口。", {"title": "港口"}, id="unquoted"),
        pytest.param(["title: 港口", 'date: ""'], "港口。", {"published": None}, id="no-date"),
        pytest.param(["title: 港口", "thumbnail:"], "港口。", {"thumbnail": "", "source": "", "url": ""}, id="bare"),
        pytest.param(["title: 港口", "categories: tide"], "港口。", {"source": "tide"}, id="category-without-a-list"),
        pytest.param(
            ["title: 港口", "categories: [tide]"],
            "港口。\n\n[别处](https://a.example/1)",
            {"source": "tide", "url": "", "markdown": "港口。\n\n[别处](https://a.example/1)"},
            id="a-last-link-of-the-article's-own",
        ),
        pytest.param(
            ["title: 港口", "categories: [Rook]"],
            "港口。\n\n[tidewire](https://www.tidewire.example/news/1)",
            {"source": "Rook", "url": "https://www.tidewire.example/news/1", "markdown": "港口。"},
            id="a-citation-by-host",
        ),
        pytest.param(
            ["title: 港口"],
            "港口。\n\n[tide](https://a.example/1)",
            {"source": "tide", "url": "https://a.example/1"},
            id="a-citation-without-a-category",
        ),
        pytest.param(
            ['title: "港口\\ud83d"', 'thumbnail: "a\\udc00"'],
            "港口。",
            {"title": "港口", "thumbnail": "a"},
            id="half-a-character",
        ),
        pytest.param(["title: 港口"], "港口。\n\n---\n\n灯塔。", {"markdown": "港口。\n\n---\n\n灯塔。"}, id="a-rule"),
    ],
)
def test_front_matter_is_taken_as_it_is_written(lines, body, found):
    seed = read(front(*lines, body=body))
    assert {name: getattr(seed, name) for name in found} == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("---\ntitle: 港口\n\n港口。", "a.txt:1: .*no line --- closes it", id="not-closed"),
        pytest.param("---", "a.txt:1: .*no line --- closes it", id="one-line"),
        pytest.param(
            front("date: x", 'title: "港口'), "a.txt:3: not YAML.*a quote is opened and never", id="broken-yaml"
        ),
        pytest.param(
            front("a: 1", "title: 港: 口"), "a.txt:3: not YAML .*a colon that does not fit", id="a-colon-in-a-value"
        ),
        pytest.param(front("title: 港\x07口"), "a.txt:2: a control character", id="control-character"),
        pytest.param(front("- title"), "a.txt:2: .*holds no keys", id="a-list"),
        pytest.param(front("[" * 3000), "a.txt: .*nested too deeply|a.txt:2: not YAML", id="nested"),
        pytest.param(front("date: ''"), 'a.txt: .*has no title; expected a line title: "…"', id="no-title"),
        pytest.param(front("title: [港口]"), "has no title", id="a-title-that-is-a-list"),
        pytest.param(front("title: 港口", "date: 昨天"), "a.txt:3: date is '昨天'; expected \"YYYY", id="no-date"),
        pytest.param(front("title: 港口", "date: 2026-13-05"), "a.txt:3: date is '2026-13-05'", id="month-13"),
        pytest.param(front("title: 港口", body=""), "nothing stands below", id="no-body"),
        pytest.param(
            front("title: 港口", "presswatch: {published: {at: 昨天}}"), "presswatch.published cannot", id="evidence"
        ),
        pytest.param(
            front("title: 港口", evidence("2026-03-05T09:30:07")),
            "a.txt: .*published.at is '2026.*offset",
            id="no-zone",
        ),
        pytest.param(front("title: 港口", evidence("0001-01-01T00:00:00+08:00")), "in the year 1;", id="year-1"),
        pytest.param(
            front("title: 港口", body="港口。\n\n[tide](https://a.example:99999/1)"),
            "a.txt: the address of the original, 'https://a.example:99999/1' is not a URL",
            id="a-port-that-is-none",
        ),
        pytest.param(
            front("title: 港口", 'presswatch: {url: "not a url"}'),
            "a.txt: the address of the original, 'not a url' .*; expected one like https://",
            id="no-address",
        ),
    ],
)
def test_a_broken_hugo_file_is_told_with_its_line(text, told):
    with pytest.raises(SeedError, match=told):
        read(text)


# The mirror


def test_a_mirror_page_is_repaired_and_loses_what_stands_round_every_article():
    seed = read(fixture("mirror.txt"))
    assert (seed.shape, seed.title, seed.account) == (Shape.MIRROR, "浪湾港的三座吊车", "观潮")
    assert (seed.published, seed.source, seed.url, seed.thumbnail) == (None, "", "", "")
    assert seed.markdown == fixture("mirror.expected.md").decode().strip()
    assert seed.images[1] == "https://mmbiz.qpic.cn/sz_mmbiz_png/bbb/640?wx_fmt=other"
    assert "**" not in seed.text


@pytest.mark.parametrize("lines", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_encoding_and_line_ends_make_no_difference(encoding, lines):
    for name in ("hugo.md", "mirror.txt", "portal.txt"):
        text = fixture(name).decode().replace("\n", lines).replace("\u2022", "·")
        assert read(text.encode(encoding)) == read(text)


@pytest.mark.parametrize("body", ["None", "", "# 港口\n\n__ 资源分享 , 101\n\n,", "付费文章。"])
def test_a_mirror_page_without_an_article_is_told(body):
    with pytest.raises(SeedError, match=r"a.txt: a mirror page without an article: "):
        read(f"# 港口\n\n[**返回列表页**](/gzh/观潮)\n\n小懒自动备份，仅供查阅学习\n\n{body}\n")


# The portal


def test_a_portals_text_loses_its_chrome_and_the_abstract_it_repeats():
    seed = read(fixture("portal.txt"))
    assert (seed.shape, seed.title) == (Shape.PORTAL, "浪湾港“无人码头”为什么不睡觉?")
    assert (seed.published, seed.source, seed.account, seed.url, seed.images) == (None, "", "", "", ())
    assert seed.text.split("\n") == [
        "港口没有关灯,人却走光了。",
        "记者在浪湾港看到的第一件事,是三座吊车自己转过身来。它们不说话,也不抽烟,更不会问几点下班。",
        "林晓站在吊车下面",
        "# 号码不是标题,* 也不是列表,[1]不是链接,<b>不是粗体</b>,a_b_c 与 2*3*4 都照原样",
        "1. 第一条不是编号列表",
        "- END 是一只猫的名字,不是结尾",
        "参考资料",
        "1、一座港口的三十年,观潮",
    ]
    assert seed.markdown.count("\n\n") == 7


def test_a_portals_text_with_trail_facts_and_abstract_of_its_own():
    seed = read(fixture("portal-full.txt"))
    assert (seed.title, seed.published.text) == ("一只猫怎样管住一座码头", "2026-3-5 09:05")
    assert seed.published.at == datetime(2026, 3, 5, 9, 5, tzinfo=ZoneInfo(ZONE))
    assert [line[:5] for line in seed.text.split("\n")] == ["编者的话：", "猫在浪湾港", "工程师说，", "上一篇：这"]


LONG_LINE = "港口没有关灯，人却走光了，三座吊车自己转过身来，它们不说话，也不抽烟，更不会问几点下班。"
MENU, TRAIL, FACTS, SHARE = (
    "快捷导航\n海港\n\n",
    "首页 › 门户 › 查看内容\n",
    "2026-3-5 09:05 | 发布者: 林晓\n",
    "\n上一篇:甲下一篇:乙",
)


@pytest.mark.parametrize("facts", ["", FACTS], ids=["bare", "facts"])
@pytest.mark.parametrize("trail", ["", TRAIL], ids=["no trail", "trail"])
@pytest.mark.parametrize("title", ["三座吊车", "吊车 » 三十年"])
def test_only_what_stands_above_the_title_is_a_trail(title, trail, facts):
    if title != "三座吊车" and not trail and not facts:
        return  # nothing tells such a title from a trail
    body = [LONG_LINE, "设置 › 通用 › 关于本机", "他说 »好« 然后走了。", LONG_LINE]
    seed = read(MENU + trail + title + "\n" + facts + "\n".join(body) + SHARE)
    assert (seed.title, seed.text.split("\n")) == (title, body)


def test_a_portals_text_without_an_article_is_told():
    with pytest.raises(SeedError, match=r"a.txt: .*4 characters of article between menu and footer"):
        read("快捷导航\n海港\n\n题目\n\n一段短文\n\n收藏 邀请\n上一篇:甲下一篇:乙")


# Neither


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param("港口没有关灯，人却走光了。\n\n猫先来的。", "no seed", id="plain-text"),
        pytest.param("# 港口\n\n正文没有记号。", "no seed", id="markdown"),
        pytest.param("<!DOCTYPE html><html><body>快捷导航</body></html>", "an HTML page", id="html"),
        pytest.param("+++\ntitle = '港口'\n+++\n正文", "no seed", id="toml"),
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n\n", "empty", id="blank"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "not text", id="binary"),
        pytest.param(b"PK\x03\x04" + b"\0\1\2\3" * 900, "not text", id="zip"),
    ],
)
def test_a_sixth_shape_is_one_message_that_names_what_was_looked_for(raw, told):
    with pytest.raises(SeedError) as raised:
        read(raw)
    message = str(raised.value)
    assert message.startswith("a.txt: ")
    assert told in message
    for shape in ("Hugo front matter", "返回列表页", "快捷导航"):
        assert shape in message
    assert "\n" not in message


def test_front_matter_decides_whatever_stands_below_it():
    mirror = fixture("mirror.txt").decode()
    assert read(front("title: 港口", body=mirror)).shape is Shape.HUGO
    assert read(front("title: 港口", body=fixture("portal.txt").decode())).shape is Shape.HUGO


PIECES = st.sampled_from(
    (
        '---\n|title: 港口\n|date: 2026\n|: |\t|- |"|{|&a |*a |!!int x\n|? |\0|\n|presswatch: {published: {at: 1}}\n|'
        "# 港口\n\n|[**返回列表页**](/gzh/a)\n\n|None|快捷导航\n|上一篇:甲下一篇:乙|收藏 邀请\n|摘要 : |甲乙丙丁戊己"
    ).split("|")
)


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(PIECES, max_size=20).map(lambda pieces: "".join(pieces).encode()) | st.binary(max_size=200))
def test_no_file_however_broken_raises_anything_else(raw):
    with suppress(SeedError):
        assert read(raw).title


# The real ones

SEEDS = {path.name[:3]: path for path in sorted(SHARED.joinpath("seeds").glob("*.txt"))}


def seed_of(number):
    return read(SEEDS[number].read_bytes(), SEEDS[number].name)


@needs_shared("seeds")
@pytest.mark.parametrize("number", ["000", "003"])
def test_the_real_hugo_seeds_come_out_of_the_archive_as_they_went_in(number):
    assert_same_file(render(facts(seed_of(number)), plain=True), SEEDS[number].read_text(encoding="utf-8"))


# The hashes of what is cut off above and below each body, as letters and digits. Compared with the files it is front
# matter and citation; title, back link, notice and the phrases of boilerplate.yaml with the titles they announce;
# menu, the abstract told again and footer. Nothing else.
CUT = {
    "000": ("97c7a1b526bf52c1", "d5ce2b19fbda14a2"),
    "001": ("7400b73e8f8ca7d4", "1b8840b79620b492"),
    "002": ("893f6ec77d13b39e", "d3026e5987a68e17"),
    "003": ("39a83706ab1e18c0", "d66bd0eded5e63e0"),
    "004": ("9ccf4ddaf5c1dc19", "788a0cb6d77a0834"),
}


@needs_shared("seeds")
@pytest.mark.parametrize("number", CUT)
def test_every_word_of_the_real_seeds_is_there_but_what_was_read_and_declared(number):
    original, kept = (words(text) for text in (SEEDS[number].read_text(encoding="utf-8"), seed_of(number).markdown))
    above, body, below = original.partition(kept)
    assert body
    assert tuple(hashlib.sha256(cut.encode()).hexdigest()[:16] for cut in (above, below)) == CUT[number]


@needs_shared("seeds")
@pytest.mark.parametrize("number", ["001", "002", "004"])
def test_the_real_seeds_hold_no_debris_and_no_chrome(number):
    seed = seed_of(number)
    for wrong in (r"\*{4}", r"&\w+;", r"\]\((?!https?://[^\s()]+\))", r"(?m)^#+\s*$", r"(?m)^>\s*$", r"(?m)[ \t]+$"):
        assert not re.search(wrong, seed.markdown)
    for chrome in (
        "返回列表页",
        "关注我哦",
        "公众号后台",
        "就请三连",
        "快捷导航",
        "收藏 邀请",
        "下一篇",
        "微信访问",
        "-END",
    ):
        assert chrome not in seed.text
    assert "**" not in seed.text
    assert seed.title not in seed.text


def words(text):
    """Letters and digits outside addresses."""
    return "".join(filter(str.isalnum, re.sub(r"\]\([^()]*\)", "", text)))
