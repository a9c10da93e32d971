"""Small good config files, and tables of ways to break them: what is written → the faults that are told."""

SOURCE = """\
name: alpha
kind: feed
endpoints:
  - url: https://alpha.example/feed
"""
THEMES = """\
themes:
  - name: robots
    title: 机器人
    words: {plain: [机器人]}
"""
SUBSCRIPTIONS = """\
subscriptions:
  - name: daily
"""


def fill(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


# What is appended to a good source file → the faults told of it.
BROKEN_SOURCES = {
    "unknown key": ("titel: A\n", ['5: titel = "A": unknown key; nearest known key: title']),
    "unknown key of an endpoint": (
        "    evry: 30m\n",
        ['5: endpoints[0].evry = "30m": unknown key; nearest known key: every'],
    ),
    "unknown key like no other": (
        "politeness: {xyz: 1}\n",
        ["5: politeness.xyz = 1: unknown key; known: concurrency, delay, requests_per_day"],
    ),
    "unknown mapping": ("polite:\n  delay: 2s\n", ["5: polite: unknown key; nearest known key: politeness"]),
    "number for text": ("title: 36\n", ["5: title = 36: expected text, got a number; put it in quotes"]),
    "no for text": ("title: no\n", ["5: title = no: expected text, got true or false; put it in quotes"]),
    "date for text": ("title: 2025-03-01\n", ["5: title = 2025-03-01: expected text, got a date; put it in quotes"]),
    "list for text": ("title: [a]\n", ["5: title: expected text, got a list"]),
    "text for yes or no": ("enabled: perhaps\n", ['5: enabled = "perhaps": expected true or false']),
    "nothing for a mapping": (
        "articles:\n",
        ["5: articles: expected a mapping, lines of the form key: value, got nothing"],
    ),
    "not one of a few": (
        "rights: excrept\n",
        ['5: rights = "excrept": expected headline, excerpt or full; nearest known value: excerpt'],
    ),
    "duration without unit": (
        "politeness: {delay: 2}\n",
        ["5: politeness.delay = 2: expected a number and a unit of s, m, h or d, such as 30m or 7d"],
    ),
    "duration of nothing": (
        "articles: {max_age: 0d}\n",
        ['5: articles.max_age = "0d": expected a duration of more than 0'],
    ),
    "duration beyond all": (
        "articles: {max_age: 9999999999d}\n",
        ['5: articles.max_age = "9999999999d": a duration of more than 36500 days'],
    ),
    "a pause of days": (
        "politeness: {delay: 2d}\n",
        ['5: politeness.delay = "2d": expected a pause of at most 1h'],
    ),
    "either of two": (
        "    every: soon\n",
        [
            (
                '5: endpoints[0].every = "soon": '
                "expected adaptive or a number and a unit of s, m, h or d, such as 30m or 7d"
            )
        ],
    ),
    "both of two": (
        "    every: 1h\n    cron: '0 8 * * *'\n",
        ["4: endpoints[0]: give either every or cron, not both"],
    ),
    "cron": (
        "    cron: 0 8 * *\n",
        [
            (
                '5: endpoints[0].cron = "0 8 * *": not the five fields of a crontab line, such as "*/20 7-23 * * *": '
                "Wrong number of fields; got 4, expected 5"
            )
        ],
    ),
    "too many": ("politeness: {concurrency: 99}\n", ["5: politeness.concurrency = 99: expected at most 8"]),
    "half of one": ("politeness: {concurrency: 1.5}\n", ["5: politeness.concurrency = 1.5: expected a whole number"]),
    "regular expression": (
        "articles: {url: '/news/('}\n",
        [('5: articles.url = "/news/(": not a regular expression: missing ), unterminated subpattern at position 6')],
    ),
    "regular expression too large": (
        "articles: {url: 'a{99999999999}'}\n",
        ['5: articles.url = "a{99999999999}": not a regular expression: the repetition number is too large'],
    ),
    "time zone": (
        "timezone: Asia/Shanghi\n",
        ['5: timezone = "Asia/Shanghi": not a time zone of the IANA list, such as Asia/Shanghai'],
    ),
    "address": (
        "  - url: ftp://alpha.example\n",
        ['5: endpoints[1].url = "ftp://alpha.example": does not begin with http:// or https://'],
    ),
    "address that stands twice": (
        "  - url: https://alpha.example/feed\n",
        [
            (
                '5: endpoints[1].url = "https://alpha.example/feed": '
                "this address is taken by sources/alpha.yaml:4; choose another"
            )
        ],
    ),
    "proxy": (
        "proxy: none\n",
        ['5: proxy = "none": expected http://HOST:PORT, or http://USER:${PASSWORD}@HOST:PORT, or direct'],
    ),
    "address of an odd spelling": (
        "  - url: http://127.1/\n",
        ['5: endpoints[1].url = "http://127.1/": is not an IPv4 address of four decimal numbers'],
    ),
    "key missing in a list": ("  - every: 1h\n", ["5: endpoints[1].url: missing; this key must be given"]),
    "day": ("terms: {read: 20250301}\n", ["5: terms.read = 20250301: expected a day, such as 2025-03-01, or null"]),
    "day that is none": (
        "terms: {read: 2025-02-30}\n",
        ['5: terms.read = "2025-02-30": expected a day, such as 2025-03-01, or null'],
    ),
    "key that stands twice": (
        "name: beta\n",
        ["5: name: this key stands twice, first in line 1; delete one of them"],
    ),
    "variable that is not set": (
        "title: ${TITLE}\n",
        [
            (
                '5: title = "${TITLE}": the environment has no variable TITLE; set it before presswatch starts, '
                "or name a file that holds it in TITLE_FILE"
            )
        ],
    ),
    "a number from a variable that is not set": (
        "politeness: {concurrency: '${N}'}\n",
        [
            (
                '5: politeness.concurrency = "${N}": the environment has no variable N; '
                "set it before presswatch starts, or name a file that holds it in N_FILE"
            )
        ],
    ),
    "alias": (
        "terms: &a {note: x}\npoliteness: *a\n",
        ["6: politeness: an alias (*name) is not understood; write the value out"],
    ),
    "value that contains itself": (
        "endpoints2: &a [*a]\n",
        [
            "5: endpoints2[0]: an alias (*name) is not understood; write the value out",
            "5: endpoints2: unknown key; nearest known key: endpoints",
        ],
    ),
    "key of a mapping inside": ("delay: 2s\n", ['5: delay = "2s": unknown key; it belongs under politeness']),
    "address outside its list": (
        "url: https://alpha.example/\n",
        ['5: url = "https://alpha.example/": unknown key; it belongs under endpoints'],
    ),
    "quotes that are none": (
        "    every: “30m”\n",
        [
            (
                '5: endpoints[0].every = "“30m”": '
                "expected adaptive or a number and a unit of s, m, h or d, such as 30m or 7d; "
                '“ and ” are part of the value here; type " or no quotes'
            )
        ],
    ),
    "full-width colon": (
        "title：晨风\n",
        [
            (
                "5: not YAML (column 1): a key without its colon, or text that must stand in quotes; "
                "a full-width ： stands behind title; type : and a space"
            )
        ],
    ),
    "full-width colon in braces": (
        "politeness: {delay：2s}\n",
        ["5: politeness.delay：2s: unknown key; a full-width ： stands behind delay; type : and a space"],
    ),
    "full-width colon inside": (
        "terms:\n  note：读过\n",
        [
            (
                '5: terms = "note：读过": expected a mapping, lines of the form key: value, got text; '
                "a full-width ： stands behind note; type : and a space"
            )
        ],
    ),
    "tag": (
        "title: !!python/name:os.system x\n",
        [("5: title: a tag (tag:yaml.org,2002:python/name:os.system) is not understood; delete it")],
    ),
}

# A whole presswatch.yaml → its one fault, as line and text.
BROKEN_FILES = {
    "a port that is none": ("safety: {ports: [80, 65536]}\n", "1: safety.ports[1] = 65536: expected at most 65535"),
    "no list of ports": ("safety: {ports: 80}\n", "1: safety.ports = 80: expected a list, got a number"),
    "a proxy without its port": (
        "proxy: http://proxy.example\n",
        ('1: proxy = "http://proxy.example": expected http://HOST:PORT, or http://USER:${PASSWORD}@HOST:PORT'),
    ),
    "a list": ("- 1\n", "1: expected a mapping, lines of the form key: value, got a list"),
    "text": ("hello\n", '1: "hello": expected a mapping, lines of the form key: value, got text'),
    "tab": ("safety:\n\ttimeout: 5s\n", "2: not YAML (column 1): a tab stands here; indent with spaces"),
    "open quote": ("\ncontact: 'me\n", "2: not YAML (column 10): a quote is opened and never closed"),
    "open list": ("a: [1, 2\nb: 3\n", "1: not YAML (column 4): a list opened with [ is not closed, or lacks a comma"),
    "open mapping": (
        "a: {b: 1\nc: 2\n",
        (
            "1: not YAML (column 4): a mapping opened with { is not closed, or lacks a comma; "
            'between { and } a text with { } ? : or a comma in it must stand in straight quotes: "…"'
        ),
    ),
    "full-width colon above": (
        "contact：me\ntimezone: UTC\n",
        (
            "2: not YAML (column 9): a colon that does not fit here; put a value that holds ': ' into quotes; "
            "a full-width ： stands behind contact; type : and a space"
        ),
    ),
    "full-width colon in a text": (
        "# 注：\ncontact: mail: 说：我\n",
        "2: not YAML (column 14): a colon that does not fit here; put a value that holds ': ' into quotes",
    ),
    "second colon": (
        "contact: mail: me\n",
        "1: not YAML (column 14): a colon that does not fit here; put a value that holds ': ' into quotes",
    ),
    "indentation": (
        "safety:\n  timeout: 5s\n max_body_mb: 5\n",
        "3: not YAML (column 2): this line is not indented like the lines it belongs to",
    ),
    "no colon": (
        "timezone: UTC\ncontact\n",
        "2: not YAML (column 1): a key without its colon, or text that must stand in quotes",
    ),
    "at sign": (
        "contact: @me\n",
        "1: not YAML (column 10): a value that begins with this character must stand in quotes",
    ),
    "backslash in double quotes": (
        'contact: "\\d"\n',
        "1: not YAML (column 12): a backslash that means nothing inside double quotes; use single quotes",
    ),
    "star": ("contact: *me\n", "1: not YAML (column 10): a value that begins with * must stand in quotes"),
    "second document": ("contact: me\n---\n", "2: not YAML (column 1): a second document begins; one file holds one"),
    "control character": ("\ncontact: \x07\n", "2: a control character (U+0007) stands here; delete it"),
    "GBK": ("\ncontact: 中国\n".encode("gbk"), "2: not UTF-8 text; save the file as UTF-8"),
    "UTF-16": ("contact: me\n".encode("utf-16"), "1: not UTF-8 text; save the file as UTF-8"),
    "nesting": ("[" * 5000, "1: lists or mappings are nested too deeply"),
    "key that is a list": ("? [a]\n: b\n", "1: a key must be a word"),
}

BROKEN_THEMES = {
    "no word": ("{}", "4: themes[0].words: a theme needs at least one word under plain or regex"),
    "empty word": ("{plain: [x, '']}", "4: themes[0].words: plain holds an empty word, which would match every text"),
    "one word for a list": ("{plain: x}", '4: themes[0].words.plain = "x": expected a list, got text'),
    "pattern": (
        "{regex: ['[']}",
        '4: themes[0].words.regex[0] = "[": not a regular expression: unterminated character set at position 0',
    ),
    "word in quotes that are none": (
        "{excluded: [「x」], plain: [y]}",
        (
            '4: themes[0].words.excluded[0] = "「x」": would be found between these quotes alone; '
            '「 and 」 are part of the value here; type " or no quotes'
        ),
    ),
    "pattern that never matches": (
        "{regex: ['（.轮）融资：']}",
        (
            '4: themes[0].words.regex[0] = "（.轮）融资：": never matches, texts are searched with full-width signs '
            "made half-width; write \\( for （, \\) for ）, : for ："
        ),
    ),
    "full-width colon": (
        "{plain：[x]}",
        (
            "4: not YAML (column 12): a mapping opened with { is not closed, or lacks a comma; "
            "a full-width ： stands behind plain; type : and a space"
        ),
    ),
    "word outside its list": (
        "{plain: [x]}\n    regex: [y]",
        "5: themes[0].regex: unknown key; it belongs under words",
    ),
    "unknown key": ("{plan: [x], plain: [y]}", "4: themes[0].words.plan: unknown key; nearest known key: plain"),
}

BROKEN_SUBSCRIPTIONS = {
    "no such theme": ("themes: [robot]", 'themes[0] = "robot": there is no such theme; nearest known theme: robots'),
    "no such source": ("sources: [beta]", 'sources[0] = "beta": there is no such source; known: alpha'),
    "no theme": ("themes: []", "themes: expected all or at least 1 in the list"),
    "neither all nor a list": ("themes: some", 'themes = "some": expected all or a list, got text'),
    "time of day": ("at: 8 o'clock", 'at = "8 o\'clock": expected a time of day in quotes, such as "08:00"'),
    "no such hour": ("at: '24:00'", 'at = "24:00": expected a time of day in quotes, such as "08:00"'),
}
