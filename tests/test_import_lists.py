"""presswatch import: lists that lists name, and their further pages, announce what they announce in a crawl."""

import json
from itertools import permutations

import pytest
from rig import article_page
from warcs import Warc, rows, take

SITE = "https://alpha.example"
MARKDOWN = (("Content-Type", "text/markdown"),)
XML = (("Content-Type", "application/xml"),)
JSON = (("Content-Type", "application/json"),)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
ORIGINAL = "http://mp.weixin.qq.com/s?__biz=MzA=&mid=1&idx=1&sn=abcdef"
SENTENCE = "机器人走进工厂的装配线，工程师们在旁边记录它的每一个动作。"


def listing(number, following=""):
    return f'<ul><li><a href="/{number}">机器人第{number}号</a></li></ul><a class="nxt" href="{following}">下一页</a>'


def sitemap(kind, *urls):
    inner = "sitemap" if kind == "sitemapindex" else "url"
    rows = "".join(f"<{inner}><loc>{url}</loc></{inner}>" for url in urls)
    return f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{kind}>'


def rows_of(number, cursor):
    return json.dumps({"rows": [{"u": f"{SITE}/{number}", "t": f"机器人第{number}号"}], "more": cursor})


# Source, lists (address, headers, body), page, and the key and title that its announcement gives it.
SITES = {
    "a mirror": (
        {"kind": "wechat_mirror", "endpoints": [{"url": f"{SITE}/gzh/gzh_list.md"}]},
        [
            (f"{SITE}/gzh/gzh_list.md", MARKDOWN, "- [甲](/gzh/acc)\n"),
            (
                f"{SITE}/gzh/acc.md",
                MARKDOWN,
                f"- [机器人第1号]({ORIGINAL}#rd) |  [备份查看](/gzh/backup/acc/1)\n    - 时间：2025-03-02\n",
            ),
        ],
        (f"{SITE}/gzh/backup/acc/1.md", MARKDOWN, f"# 机器人第1号\n\n{SENTENCE * 9}"),
        "wechat:MzA:1:1:abcdef",
    ),
    "sitemaps": (
        {"kind": "sitemap", "endpoints": [{"url": f"{SITE}/s.xml"}]},
        [
            (f"{SITE}/s.xml", XML, sitemap("sitemapindex", f"{SITE}/years.xml")),
            (f"{SITE}/years.xml", XML, sitemap("sitemapindex", f"{SITE}/2025.xml", f"{SITE}/s.xml")),
            (f"{SITE}/2025.xml", XML, sitemap("urlset", f"{SITE}/a?id=1")),
        ],
        (f"{SITE}/a?id=1", HTML, article_page("机器人", SENTENCE * 9)),
        "url:alpha.example/a?id=1",
    ),
    "next pages": (
        {
            "kind": "listing",
            "endpoints": [{"url": f"{SITE}/list", "pages": {"next": "a.nxt::attr(href)", "most": 3}}],
            "entries": {"items": "li"},
        },
        [
            (f"{SITE}/list", HTML, listing(1, "/list/2")),
            (f"{SITE}/list/2", HTML, listing(2, "/list/3")),
            (f"{SITE}/list/3", HTML, listing(3, "/list")),
        ],
        (f"{SITE}/3", HTML, article_page("机器人", SENTENCE * 9)),
        "url:alpha.example/3",
    ),
    "cursors": (
        {
            "kind": "json",
            "endpoints": [{"url": f"{SITE}/api?from={{cursor}}", "pages": {"cursor": "more", "most": 3}}],
            "entries": {"items": "rows", "link": "u", "title": "t"},
        },
        [
            (f"{SITE}/api?from=", JSON, rows_of(1, "x1")),
            (f"{SITE}/api?from=x1", JSON, rows_of(2, "x2")),
            (f"{SITE}/api?from=x2", JSON, rows_of(3, "")),
        ],
        (f"{SITE}/3", HTML, article_page("机器人", SENTENCE * 9)),
        "url:alpha.example/3",
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_however_they_lie_in_the_file(rig, tmp_path, name):
    source, lists, page, key = SITES[name]
    rig.source(**source, articles={"max_age": "3650d"})
    for number, order in enumerate(permutations(lists)):
        warc = Warc()
        for url, headers, body in (page, *order):
            warc.response(url, body, headers=headers)
        data = tmp_path / str(number)
        result = take(rig, warc.write(tmp_path / f"{number}.warc.gz"), data=data)
        assert result.exit_code == 0, result.output
        assert rows(rig, "SELECT key, source, outcome FROM entry", data) == [(key, "alpha", "kept")], order


def test_a_list_on_another_host_is_none_that_a_crawl_asked_for(rig, tmp_path):
    rig.source(kind="sitemap", url=f"{SITE}/s.xml")
    warc = Warc().response(f"{SITE}/s.xml", sitemap("sitemapindex", "https://beta.example/b.xml"), headers=XML)
    warc.response("https://beta.example/b.xml", sitemap("urlset", "https://beta.example/1"), headers=XML)
    result = take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert (result.exit_code, json.loads(result.stdout)["totals"]["found"]) == (0, 0)


def test_a_list_that_cannot_be_read_is_told_once(rig, tmp_path):
    rig.source(kind="sitemap", url=f"{SITE}/s.xml")
    warc = Warc().response(f"{SITE}/c.xml", "nonsense", headers=XML)
    warc.response(f"{SITE}/s.xml", sitemap("sitemapindex", f"{SITE}/c.xml"), headers=XML)
    result = take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert result.stderr.count("c.xml cannot be read") == 1
