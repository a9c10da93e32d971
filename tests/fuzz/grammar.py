"""Hypothesis strategies: a document of the corpus made worse, or one built anew of odd parts in the right places."""

import json
from string import Template

from hypothesis import strategies as st

from fuzz.mutations import (
    BRACKETS,
    CODECS,
    TOKENS,
    Cut,
    Flip,
    Insert,
    Nest,
    Pack,
    Recode,
    Repeat,
    Replace,
    Splice,
    mutated,
)
from fuzz.target import Target

_place = st.integers(0, 65535)
_token = st.sampled_from(TOKENS)
_some_text = st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass"))
_part = st.one_of(_token, st.lists(_token, max_size=3).map(b"".join), _some_text)

_RSS = Template(
    "<rss version='2.0'><channel><ttl>$a</ttl><item><title>$a</title><link>$b</link><guid>$c</guid>"
    "<pubDate>$d</pubDate><description>$e</description><author>$c</author></item></channel></rss>"
)
_ATOM = Template(
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='$a'><entry><title type='html'>$b</title><link href='$c'/>"
    "<updated>$d</updated><summary type='xhtml'><div>$e</div></summary><author><name>$a</name></author></entry></feed>"
)
_HTML = Template(
    "<html lang='$c'><head><title>$a</title><base href='$d'><meta charset=$e><meta property='og:title' content='$a'>"
    "</head><body><h1>$b</h1><li><h2>$a</h2><a href='$b' title='$c'>$d</a><time>$e</time></li><article><p>$a</p>"
    "<p>$d$e</p><img data-src='$b' alt='$c'><table><tr><td>$d</td><td>$e</td></tr></table></article></body></html>"
)
_WEIXIN = Template(
    "<div id='js_image_desc'>$a</div><script>var ct = \"$b\";var msg_title = '$c';var biz = \"$d\" || '';"
    "window.picture_page_info_list = [{cdn_url: '$e'}];window.cgiDataNew = {content_noencode: JsDecode('$a')};"
    'window.DATA = {"originContent": {"text": "$b"}, "pubtime": "$c"};</script>'
)
_SITEMAP = Template(
    "<urlset><url><loc>$a</loc><lastmod>$b</lastmod><news:news><news:title>$c</news:title>"
    "<news:publication_date>$d</news:publication_date></news:news></url></urlset>"
)
_JSON = Template('{"data": {"cursor": "$a", "list": [{"url": "$b", "id": $c, "title": "$d", "published": $e}]}}')
_MARKDOWN = Template("# $a\n\n- [$b](/site/$c) $d\n  - 时间：$e\n\n| $a | [$c]($d) |\n|---|---|\n| $e | $b |\n\n$a\n")
_FRONT = Template("---\ntitle: $a\ndate: $b\ncategories: [$c]\npresswatch: {url: '$d'}\n---\n$e\n")
_ROBOTS = Template("User-agent: $a\nDisallow: $b\nAllow: $c\nCrawl-delay: $d\n---\n/$e")
_CONFIG = Template("name: $a\nkind: $b\nendpoints:\n  - {url: '$c', every: $d}\nentries: {items: [$e]}\n")
_VALUE = Template("$a$b")
_TYPED = Template("Content-Type: text/html; charset=$a\n<meta charset='$b'>$c$d$e")
_SHAPES = {
    "feed": (_RSS, _ATOM),
    "sitemap": (_SITEMAP,),
    "listing": (_HTML,),
    "json_list": (_JSON,),
    "docsify_list": (_MARKDOWN,),
    "mirror_list": (_MARKDOWN,),
    "mirror_index": (_MARKDOWN,),
    "docsify_page": (_MARKDOWN,),
    "charset": (_TYPED,),
    "markup": (_HTML,),
    "page": (_HTML,),
    "page_by_rules": (_HTML,),
    "weixin": (_WEIXIN,),
    "qq": (_WEIXIN,),
    "scripts": (_WEIXIN,),
    "sites": (_WEIXIN,),
    "seed": (_FRONT, _MARKDOWN),
    "robots": (_ROBOTS,),
    "config": (_CONFIG,),
}


def bodies(target: Target) -> st.SearchStrategy[bytes]:
    """What a target is tried with."""
    corpus = target.corpus
    known = st.sampled_from(corpus)
    return st.builds(
        mutated,
        st.one_of(known, known, _built(target), st.binary(max_size=64)),
        st.lists(_mutation(known), max_size=4),
    )


def _built(target: Target) -> st.SearchStrategy[bytes]:
    shapes = st.sampled_from(_SHAPES.get(target.name, (_VALUE,)))
    return st.builds(_filled, shapes, st.lists(_part, min_size=5, max_size=5))


def _filled(shape: Template, parts: list[bytes]) -> bytes:
    marks = {letter: f"\ue000{letter}" for letter in "abcde"}
    body = shape.substitute(marks).encode()
    for letter, part in zip("abcde", parts, strict=True):
        body = body.replace(marks[letter].encode(), part)
    return body


def _mutation(known: st.SearchStrategy[bytes]) -> st.SearchStrategy:
    return st.one_of(
        st.builds(Replace, _place, _part),
        st.builds(Insert, _place, _part),
        st.builds(Replace, _place, _json_text),
        st.builds(Flip, _place, st.integers(0, 255)),
        st.builds(Cut, _place, st.integers(0, 40)),
        st.builds(Repeat, _place, st.integers(1, 60), st.sampled_from((2, 3, 50))),
        st.builds(Splice, _place, known, _place),
        st.builds(Nest, _place, st.sampled_from(BRACKETS), st.sampled_from((3, 40, 300, 1500))),
        st.builds(Recode, st.sampled_from(CODECS)),
        st.builds(Pack, st.integers(0, 65535)),
    )


_json_text = st.text(max_size=8).map(lambda text: json.dumps(text)[1:-1].encode())
