"""Documents that grow, of the shapes that make a careless parser quadratic, and how a target's time grows with them."""

import time
from collections.abc import Callable
from contextlib import suppress

from fuzz.target import Target
from fuzz.watch import limited_time

_SITE = b"http://x.example/"
_ROW = b"- [t](http://mp.weixin.qq.com/s/AbCdEfGhIjKl) | [\xe5\xa4\x87\xe4\xbb\xbd\xe6\x9f\xa5\xe7\x9c\x8b](/a"


def _repeated(unit: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + unit * (size // len(unit)) + after


_MARKUP = {
    "open tags": _repeated(b"<div>"),
    "open rows": _repeated(b"<li><a href=/1>x"),
    "open cells": _repeated(b"<table><tr><td>"),
    "unclosed tag": _repeated(b"<a "),
    "angles": _repeated(b"<"),
    "entities": _repeated(b"&amp"),
    "comments": _repeated(b"<!--"),
    "misnested": _repeated(b"<b><i></b>"),
    "flat": _repeated("<p>一家工厂开始试用。</p>".encode(), b"<html><body><article>", b"</article></body></html>"),
    "spaces": _repeated(b" ", b"<p>a", b"b</p>"),
    "one line": _repeated("字".encode(), b"<p>", b"</p>"),
    "attributes": _repeated(b"a=1 ", b"<div ", b">x</div>"),
    "title separators": _repeated(b"- ", b"<title>", b"</title><p>x</p>"),
    "images": _repeated(b"<img src=/1>", b"<article>"),
    "links": _repeated(b"<a href=/1>x</a>", b"<article>"),
    "bold": _repeated(b"<b>x</b>", b"<article><p>"),
    "breaks": _repeated(b"x<br>", b"<article><p>"),
    "emphasis in text": _repeated(b"**a_ ", b"<article><p>"),
}
_SCRIPT = {
    "backslashes": _repeated(b"\\", b"<script>var nickname = '"),
    "ors": _repeated(b"''||", b"<script>var nickname = "),
    "open lists": _repeated(b"[", b"<script>picture_page_info_list = "),
    "assigned lists": _repeated(b"picture_page_info_list = [", b"<script>"),
    "assigned data": _repeated(b"DATA = {", b"<script>window."),
    "assigned quotes": _repeated(b'\\"', b'<script>window.DATA = ["'),
    "escaped quotes": _repeated(b"\\'", b"<script>picture_page_info_list = ['"),
    "names": _repeated(b"var ct = '", b"<script>"),
    "unquoted": _repeated(b"nickname = ", b"<script>"),
    "quotes": _repeated(b"'\\", b"<script>msg_title = "),
    "records": _repeated(b"[{a:", b"<script>picture_page_info_list = "),
    "strings in a list": _repeated(b"'\\", b"<script>picture_page_info_list = ["),
    "spaces before =": _repeated(b" ", b"<script>var ct", b"x"),
    "spaced": _repeated(b" ", b"<script>var ct =", b"x"),
}
_MARKDOWN = {
    "open links": _repeated(b"["),
    "links never closed": _repeated(b"[a]("),
    "stars": _repeated(b"*a "),
    "mixed marks": _repeated(b"*a _b "),
    "backticks": _repeated(b"`a``"),
    "quotes": _repeated(b"> "),
    "lists": _repeated(b"- a\n"),
    "table": _repeated(b"|a", b"|a|b|\n|-|-|\n"),
    "references": _repeated(b"[a]: /b\n"),
    "rows": _repeated(b"- [t](http://mp.weixin.qq.com/s/AbCdEfGhIjKl)\n  - x\n"),
    "row of brackets": _repeated(b"](http://x", b"- [t"),
    "row of copies": _repeated(b"](/a", _ROW),
    "details": _repeated(b"  - x\n", b"- [t](http://mp.weixin.qq.com/s/AbCdEfGhIjKl)\n"),
    "front matter": _repeated(b"---\n"),
    "angles": _repeated(b"<a "),
    "images": _repeated(b"![a](b) ", "# 题\n\n".encode()),
}
_FEED = {
    "items": _repeated(b"<item><title>t</title><link>/1</link></item>", b"<rss version='2.0'><channel>"),
    "open items": _repeated(b"<item>", b"<rss version='2.0'><channel>"),
    "open titles": _repeated(b"<title>", b"<rss version='2.0'><channel><item>"),
    "ampersands": _repeated(b"&", b"<rss version='2.0'><channel><item><title>"),
    "cdata": _repeated(b"<![CDATA[", b"<rss version='2.0'><channel><item><title>"),
    "prolog": _repeated(b"<?xml "),
    "doctype": _repeated(b"<!DOCTYPE x [<!ELEMENT "),
    "comments": _repeated(b"<!-- ", b"<rss version='2.0'>"),
    "markup in titles": _repeated(b"&lt;b&gt;x", b"<rss version='2.0'><channel><item><title>"),
}
_SITEMAP = {
    "urls": _repeated(b"<url><loc>http://x.example/1</loc></url>", b"<urlset>"),
    "open urls": _repeated(b"<url>", b"<urlset>"),
    "lines": _repeated(_SITE + b"1\n"),
    "locs": _repeated(b"<loc>http://x.example/1</loc>", b"<urlset><url>"),
    "ampersands": _repeated(b"&", b"<urlset><url><loc>"),
    "news": _repeated(b"<news/>", b"<urlset><url>"),
}
_JSON = {
    "rows": _repeated(b'{"url":"/1","title":"t"},', b'{"data":{"list":[', b"0]}}"),
    "open lists": _repeated(b"["),
    "open objects": _repeated(b'{"a":'),
    "digits": _repeated(b"9", b"[", b"]"),
    "escapes": _repeated(b"\\ud800", b'[{"url":"/1","title":"', b'"}]'),
    "escaped quotes": _repeated(b'\\"', b'["'),
    "states": _repeated(b"__STATE__="),
    "tags in a title": _repeated(b"<b>", b'[{"url":"/1","title":"', b'"}]'),
}
_TEXT = {
    "digits": _repeated(b"1"),
    "dates": _repeated(b"2025-"),
    "ages": _repeated("1天".encode()),
    "clocks": _repeated(b"1:"),
    "spaces": _repeated(b" ", b"1"),
    "months": _repeated("1月".encode()),
    "slashes": _repeated(b"1/"),
    "high bytes": _repeated(b"\xd6\xff"),
    "utf-16 of nothing": _repeated(b"a\0"),
    "escapes": _repeated(b"\x1b$B"),
    "charsets": _repeated(b"<meta charset="),
}
_ROBOTS = {
    "rules": _repeated(b"Disallow: /a*b\n", b"User-agent: *\n"),
    "stars": _repeated(b"*a", b"User-agent: *\nDisallow: /", b"\n---\n/" + b"a" * 2000),
    "agents": _repeated(b"User-agent: a\n"),
}
_WARC = {
    "records": _repeated(b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n"),
    "headers": _repeated(b"A: b\r\n", b"WARC/1.1\r\n"),
    "magics": _repeated(b"\x1f\x8b\x08\0\0\0\0\0\0\3"),
    "stored magics": _repeated(b"\x1f\x8b\x08\0\0\0\0\0\0\3\0\0\0\xff\xff"),
}
_YAML = {
    "keys": _repeated(b"a: b\n"),
    "open lists": _repeated(b"["),
    "list": _repeated(b"- a\n"),
    "quotes": _repeated(b"'"),
    "indent": _repeated(b" ", b"a:\n"),
    "anchors": _repeated(b"- &a x\n"),
    "sources": _repeated(b"  - {url: 'https://x.example/'}\n", b"name: a\nkind: feed\nendpoints:\n"),
}
BAITS = {
    "feed": _FEED,
    "sitemap": _SITEMAP,
    "listing": _MARKUP,
    "json_list": _JSON,
    "json_in_page": _JSON,
    "html_in_json": _JSON,
    "docsify_list": _MARKDOWN,
    "mirror_list": _MARKDOWN,
    "mirror_index": _MARKDOWN,
    "charset": _TEXT,
    "address": _TEXT,
    "date": _TEXT,
    "markup": _MARKUP,
    "robots": _ROBOTS,
    "retry_after": _TEXT,
    "page": _MARKUP,
    "page_by_rules": _MARKUP,
    "weixin": _SCRIPT,
    "qq": _SCRIPT,
    "docsify_page": _MARKDOWN,
    "scripts": _SCRIPT,
    "linked_data": _JSON,
    "members": _WARC,
    "responses": _WARC,
    "seed": _MARKDOWN,
    "config": _YAML,
}
_TOO_SHORT = 0.15  # seconds; of less the machine's own noise is a part


def seconds(target: Target, data: bytes, most: float) -> float:
    """Processor time of one case.

    Raises:
        HangError: it took more than `most`.
    """
    began = time.process_time()
    with limited_time(most), suppress(*target.declared):
        target.read(data)
    return time.process_time() - began


def growth(target: Target, bait: Callable[[int], bytes], largest: int, most: float) -> tuple[int, float, float]:
    """At the first size that takes long enough to be measured, else at the largest: the size, how many times longer
    twice the half of it takes, and the seconds.
    """
    size, before = largest // 64, 0.0
    while True:
        took = seconds(target, bait(size), most)
        if size >= largest or (before > _TOO_SHORT and took > _TOO_SHORT):
            return size, took / before if before > _TOO_SHORT / 10 else 1.0, took
        size, before = size * 2, took
