"""Pages made to cost time and memory, for tests: each is HTML of at most ten megabytes."""

SENTENCE = "这台机器人今天第一次走进了工厂的装配线，工程师们在旁边记录它的每一个动作。"
ARTICLE = f"<article><h1>机器人</h1><p>{SENTENCE * 4}</p></article>"
MOST = 10 * 1024 * 1024
DEEP = 200_000


def page(body, head="", title="机器人"):
    text = f'<html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{body}</body></html>'
    return text.encode()[: MOST - 1]


def paragraph(inside):
    return page(f"<article><h1>机器人</h1><p>{SENTENCE * 4}{inside}</p></article>")


def script(text, kind="application/ld+json"):
    return page(ARTICLE, f'<script type="{kind}">{text}</script>')


COMMENT = "<div class=c><p><a href=/u><img src=/i></a><b>u</b><span>1</span><i>x</i><em>好</em></p></div>"
COMMENTS = COMMENT * 2_600
HIDDEN = SENTENCE * 30_000  # more than an article may have

#: An article of four sentences on an honest page that holds much beside it → the page.
BESIDE = {
    "comments": page(ARTICLE + COMMENTS),
    "more comments": page(ARTICLE + COMMENTS * 4),
    "comments in main": page(ARTICLE.replace("article>", "main>") + COMMENTS),
    "a textarea": page(f"{ARTICLE}<textarea hidden>{HIDDEN}</textarea>"),
    "a template": page(f"{ARTICLE}<template>{HIDDEN}</template>"),
    "a noscript": page(f"{ARTICLE}<noscript>{HIDDEN}</noscript>"),
}

#: Shape → the page. Read, it ends as no_text or as the article that stands in it, whichever the parser leaves.
SHAPES = {
    "nested div": lambda: page(ARTICLE + "<div>" * DEEP + SENTENCE),
    "nested div around the article": lambda: page("<div>" * DEEP + ARTICLE + "</div>" * DEEP),
    "nested b": lambda: paragraph("<b>" * DEEP),
    "nested tables": lambda: page(ARTICLE + "<table><tr><td>" * (DEEP // 3) + SENTENCE),
    "nested lists": lambda: page(ARTICLE + "<ul><li>" * (DEEP // 2) + SENTENCE),
    "nested quotes": lambda: page(ARTICLE + "<blockquote>" * DEEP + SENTENCE),
    "many stacks": lambda: page(("<div>" * 200 + SENTENCE + "</div>" * 200) * 500),
    "nested linked data": lambda: script("[" * DEEP),
    "nested objects in linked data": lambda: script('{"author":' * DEEP),
    "closed linked data": lambda: script(f'{{"author":"x","@type":{"[" * 900}{"]" * 900}}}'),
    "nested script": lambda: script("window.DATA = " + "[" * DEEP, "text/javascript"),
    "JSON in place of a page": lambda: b"[" * DEEP,
    "attributes": lambda: page("<div " + " ".join(f'a{n}="x"' for n in range(500_000)) + f">{ARTICLE}</div>"),
    "attributes behind a script": lambda: page(
        '<script>if(i<n x="</script><div ' + " ".join(f"a{n}" for n in range(100_000)) + f">{ARTICLE}</div>"
    ),
    "paragraphs": lambda: page(ARTICLE + "<p>x</p>" * 1_000_000),
    "large script": lambda: script("x" * 9_000_000, "text/javascript"),
    "ampersands": lambda: page(ARTICLE + "&" * 5_000_000),
    "links": lambda: page(ARTICLE + "<a>" * 3_000_000),
    "large title": lambda: page(ARTICLE, title="机" * 1_700_000),
    "one line": lambda: page(f"<article><h1>机器人</h1><p>{SENTENCE * 86_000}</p></article>"),
    "large attribute": lambda: paragraph(f'<a href="/{"x" * 9_000_000}">机器人</a>'),
    "meta tags": lambda: page(ARTICLE, "<meta name=a content=b>" * 400_000),
    "comments": lambda: page(ARTICLE + "<!--" * 2_500_000),
    "entities": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">'
        + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(20))
        + b']><html xmlns="http://www.w3.org/1999/xhtml" xmlns:xi="http://www.w3.org/2001/XInclude"><body>'
        + ARTICLE.encode()
        + b'&x;&u;<xi:include href="file:///etc/passwd" parse="text"/></body></html>'
    ),
}

#: The same just within the bounds, where the most is done with them.
WITHIN = {
    "bold words": lambda: page(
        "<article><h1>机器人</h1><p>" + f"<b>{(SENTENCE * 2)[:58]}</b>" * 4900 + "</p></article>"
    ),
    "backticks": lambda: page(f"<article><h1>机器人</h1><pre>{SENTENCE}{'`' * 45_000}</pre></article>"),
    "marks in prose": lambda: page(f"<article><h1>机器人</h1><p>{(SENTENCE[:19] + '[') * 45_000}</p></article>"),
    "bold prose": lambda: page(
        "<article><h1>机器人</h1>" + f"<p><b>{SENTENCE}</b>{SENTENCE[:12]}</p>" * 9_900 + "</article>"
    ),
    "short paragraphs": lambda: page("<article><h1>机器人</h1>" + "<p>机器人</p>" * 19_900 + "</article>"),
}
