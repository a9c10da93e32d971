"""Secrets that sources send: the server gets them where the config says so, and nobody else sees more than ${NAME}."""

import gzip
import html
import json
import logging
import traceback
from urllib.parse import quote

import click
import pytest
from click.testing import CliRunner
from config_faults import SOURCE, SUBSCRIPTIONS, THEMES, fill
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rig import Answer, article_page, feed

from crawler.asking import question
from crawler.cli.app import FailedError, with_app
from crawler.cli.hidden import Hidden
from crawler.cli.logs import StderrHandler, set_up_logs
from crawler.concealing import Concealer
from crawler.config.load import load_config
from crawler.config.report import ConfigError
from crawler.config.sent import Part, SentSecrets, Use
from crawler.fetch.secrets import ConcealedError, telling_no_secret
from crawler.storage import StorageError
from crawler.urls import article_key, canonical_url, host_of

TOKEN = "geheim/99+x&y"
KEY = "kanarie-4711"
GOOD = {"sources/alpha.yaml": SOURCE, "themes.yaml": THEMES, "subscriptions.yaml": SUBSCRIPTIONS}
WITH_TOKEN = SOURCE.replace("/feed", "/feed?token=${TOKEN}")


def loaded(folder, text, **environ):
    return load_config(fill(folder, GOOD | {"sources/alpha.yaml": text}), environ=environ)


# -- what the model holds ---------------------------------------------------------------------------------------------


def test_what_is_sent_keeps_its_name_and_what_is_shown_has_its_value(tmp_path):
    text = (
        "name: alpha\nkind: json\ntitle: ${TITLE}\nheaders: {X-Key: 'v $${LITERAL} ${KEY}'}\n"
        "entries: {items: data, link: 'https://alpha.example/a/{id}?k=${TOKEN}'}\n"
        "endpoints:\n  - {url: 'https://alpha.example/${TOKEN}/list?page={page}', post_json: {a: [1, '${BODY}']}}\n"
    )
    config = loaded(tmp_path, text, TITLE="晨风", KEY=KEY, TOKEN=TOKEN, BODY="leib-4711")
    [source] = config.sources
    assert source.title == "晨风"
    assert source.headers == {"X-Key": "v ${LITERAL} ${KEY}"}
    assert source.endpoints[0].url == "https://alpha.example/${TOKEN}/list?page={page}"
    assert source.endpoints[0].post_json == {"a": [1, "${BODY}"]}
    assert source.entries.link == ("https://alpha.example/a/{id}?k=${TOKEN}",)
    told = f"{config!r}{config.model_dump_json()}{config.secrets!r}"
    assert not any(value in told for value in (TOKEN, KEY, "leib-4711"))


def test_blanks_around_an_address_are_none_of_it(tmp_path):
    text = SOURCE.replace("https://alpha.example/feed", '" https://alpha.example/feed?t=${TOKEN} "')
    config = loaded(tmp_path, text + "headers: {X-Key: '${KEY}'}\n", TOKEN=TOKEN, KEY=KEY)
    [endpoint] = config.sources[0].endpoints
    assert endpoint.url == "https://alpha.example/feed?t=${TOKEN}"
    assert config.secrets.url("alpha", endpoint.url) == f"https://alpha.example/feed?t={TOKEN}"
    assert config.secrets.header("alpha", endpoint.url, "${KEY}") == KEY


FAULTS = {  # a source's file, what TOKEN is → the rule that is told
    "host": (SOURCE.replace("alpha.example", "${TOKEN}.example"), KEY, "path and query alone"),
    "port": (SOURCE.replace("alpha.example", "alpha.example:${TOKEN}"), "80808080", "path and query alone"),
    "scheme": (SOURCE.replace("https", "${TOKEN}"), "https://x", "path and query alone"),
    "user": (SOURCE.replace("https://", "https://x:${TOKEN}@"), KEY, "path and query alone"),
    "the end of the host": (SOURCE.replace("/feed", "${TOKEN}"), "/feed-feed", "path and query alone"),
    "the whole address": (SOURCE.replace("https://alpha.example/feed", "${TOKEN}"), KEY, "path and query alone"),
    "too short": (WITH_TOKEN, "1234567", "fewer than 8 characters"),
    "not ASCII": (WITH_TOKEN, "密钥九八七六五四三二", "is not ASCII"),
    "control characters": (WITH_TOKEN, "geheim\n99", "control characters"),
    "control characters in a header": (SOURCE + "headers: {X-Key: '${TOKEN}'}\n", "geheim\r\nX: 1", "control char"),
    "the end of what is sent": (WITH_TOKEN, "geheim#99", "holds #"),
    "no address": (WITH_TOKEN, "geheim 99", "the value behind it does not fit this key"),
    "also shown": (WITH_TOKEN + "title: 'x ${TOKEN}'\n", KEY, "TOKEN is a secret that line 4 sends"),
    "also meant as text": (WITH_TOKEN + "headers: {X-Key: 'a $${TOKEN}'}\n", KEY, "TOKEN is a secret that line 4"),
    "a referer of another page": (WITH_TOKEN + "headers: {Referer: 'https://alpha.example/${TOKEN}'}\n", KEY, ""),
}


@pytest.mark.parametrize(("text", "value", "rule"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_sent_or_hidden_safely_is_one_fault_at_its_line(tmp_path, text, value, rule):
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text, TOKEN=value)
    [fault] = caught.value.faults
    assert "sources/alpha.yaml:" in str(fault)
    assert "${TOKEN}" in fault.value
    assert rule in fault.rule
    assert value not in str(caught.value)


def test_a_referer_may_name_the_list_with_its_secret(tmp_path):
    text = WITH_TOKEN + "headers: {Referer: 'https://alpha.example/feed?token=${TOKEN}'}\n"
    secrets = loaded(tmp_path, text, TOKEN=KEY).secrets
    url = "https://alpha.example/feed?token=${TOKEN}"
    assert secrets.header("alpha", url, url) == f"https://alpha.example/feed?token={KEY}"


def test_a_name_that_page_or_cursor_bears_is_not_filled_in(tmp_path):
    text = SOURCE.replace("/feed", "/feed?a=${page}&b={page}")
    config = loaded(tmp_path, text, page=KEY)
    asked = question(config.sources[0], config.sources[0].endpoints[0], installation="", page=3)
    assert asked.url == "https://alpha.example/feed?a=${page}&b=3"
    assert config.secrets.url("alpha", asked.url) == f"https://alpha.example/feed?a={KEY}&b=3"


# -- what is revealed, and where --------------------------------------------------------------------------------------

SECRETS = SentSecrets(
    {"TOKEN": TOKEN, "KEY": KEY, "PLAIN": "klartext-1"},
    [
        Use(source="alpha", name="TOKEN", part=Part.URL, server="alpha.example", is_tls=True),
        Use(source="alpha", name="KEY", part=Part.HEADER, server="alpha.example", is_tls=True),
        Use(source="alpha", name="PLAIN", part=Part.URL, server="alpha.example", is_tls=False),
        Use(source="beta", name="KEY", part=Part.URL, server="beta.example", is_tls=True),
    ],
)
ENCODED = quote(TOKEN, safe="")
REVEALED = {  # source, address as a request has it → as it goes on the wire
    "as it is written": ("alpha", "https://alpha.example/f?t=${TOKEN}", f"https://alpha.example/f?t={TOKEN}"),
    "as Scrapy spells it": ("alpha", "https://alpha.example/f?t=$%7BTOKEN%7D", f"https://alpha.example/f?t={TOKEN}"),
    "percent-encoded": ("alpha", "https://alpha.example/f?t=%24%7btoken%7D".replace("token", "TOKEN"), f"https://alpha.example/f?t={ENCODED}"),
    "its www": ("alpha", "https://www.alpha.example/${TOKEN}", f"https://www.alpha.example/{TOKEN}"),
    "its port, named": ("alpha", "HTTPS://Alpha.example.:443/${TOKEN}", f"HTTPS://Alpha.example.:443/{TOKEN}"),
    "another port": ("alpha", "https://alpha.example:8443/${TOKEN}", None),
    "the port of http": ("alpha", "https://alpha.example:80/${TOKEN}", None),
    "a host below": ("alpha", "https://evil.alpha.example/${TOKEN}", None),
    "a www below": ("alpha", "https://www.www.alpha.example/${TOKEN}", None),
    "an unknown name": ("alpha", "https://alpha.example/${OTHER}", None),
    "twice encoded": ("alpha", "https://alpha.example/%2524%257BTOKEN%257D", None),
    "another host": ("alpha", "https://evil.example/?x=${TOKEN}", None),
    "a host that looks like it": ("alpha", "https://alpha.example.evil.example/${TOKEN}", None),
    "another source's": ("alpha", "https://alpha.example/?x=${KEY}&y=%24%7BKEY%7D", None),
    "another source": ("beta", "https://alpha.example/?x=${TOKEN}", None),
    "no source at all": ("gamma", "https://alpha.example/?x=${TOKEN}", None),
    "in clear text": ("alpha", "http://alpha.example/?x=${TOKEN}", None),
    "in clear text, as the config has it": ("alpha", "http://alpha.example/?x=${PLAIN}", "http://alpha.example/?x=klartext-1"),
    "over TLS, though the config has it in clear text": ("alpha", "https://alpha.example/?x=${PLAIN}", "https://alpha.example/?x=klartext-1"),
    "no address": ("alpha", "https://${TOKEN}.alpha.example/", None),
}  # fmt: skip


@pytest.mark.parametrize(("source", "url", "sent"), REVEALED.values(), ids=REVEALED)
def test_an_address_is_given_its_secrets_where_the_config_has_them_and_nowhere_else(source, url, sent):
    assert SECRETS.url(source, url) == (url if sent is None else sent)


def test_a_secret_of_a_header_is_no_secret_of_an_address_or_a_body():
    url = "https://alpha.example/?x=${KEY}"
    assert SECRETS.url("alpha", url) == url
    assert SECRETS.body("alpha", url, b"${KEY}", is_json=False) == b"${KEY}"
    assert SECRETS.header("alpha", url, "Bearer ${KEY} ${TOKEN}") == f"Bearer {KEY} ${{TOKEN}}"


def test_a_body_is_given_its_secrets_as_its_kind_spells_them():
    use = Use(source="a", name="S", part=Part.BODY, server="a.example", is_tls=True)
    secrets, url = SentSecrets({"S": 'a"b\\c d&e+f'}, [use]), "https://a.example/"
    assert json.loads(secrets.body("a", url, b'{"k": "${S}"}', is_json=True)) == {"k": 'a"b\\c d&e+f'}
    assert secrets.body("a", url, b"k=%24%7BS%7D", is_json=False) == b"k=a%22b%5Cc+d%26e%2Bf"


# -- what is concealed ------------------------------------------------------------------------------------------------

VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF, categories=("L", "N", "P", "S")), min_size=8)
SPELLINGS = (
    str,
    html.escape,
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    lambda value: quote(value, safe=""),
    lambda value: quote(quote(value, safe=""), safe=""),
    quote,
    lambda value: quote(value, safe="!~*'()"),  # encodeURIComponent of scripts
    lambda value: "".join(sign if sign.isalnum() else f"&#x{ord(sign):X};" for sign in value),  # Handlebars
    lambda value: "".join(sign if sign.isalnum() else f"&#{ord(sign):03};" for sign in value),
    lambda value: repr(value)[1:-1],
    lambda value: json.dumps(repr(value))[2:-2],
    lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    lambda value: "".join(f"&#{ord(sign)};" for sign in value),
)


@settings(deadline=None)
@given(value=VALUES, spelling=st.sampled_from(SPELLINGS), encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_no_spelling_of_a_value_stays_in_a_text_or_a_body(value, spelling, encoding):
    assume(encoding == "utf-8" or value.isascii())  # what is sent is ASCII
    concealer, text = Concealer({"N": value}), f"<a>{spelling(value)}</a>"
    assert spelling(value) not in concealer.text(text)
    assert value not in concealer.text(text)
    assert spelling(value).encode(encoding) not in concealer.body(text.encode(encoding))


@settings(deadline=None)
@given(value=VALUES)
def test_an_address_that_echoes_a_value_is_asked_for_as_it_was_meant(value):
    secrets = SentSecrets({"N": value}, [Use(source="a", name="N", part=Part.URL, server="a.example", is_tls=True)])
    address = "https://a.example/?t="
    assume(value not in address)
    url = f"{address}{quote(value, safe='')}"
    assert secrets.url("a", secrets.conceal.text(url)) == url


SPELT = {  # a value, and a way it comes back
    "HTML's newer names": (TOKEN, "geheim&sol;99&plus;x&amp;y"),
    "HTML in HTML": (TOKEN, "geheim/99+x&amp;amp;y"),
    "a script's braces": (TOKEN, "geheim\\u{2f}99+x&y"),
    "JSON in JSON": (TOKEN, "geheim\\\\\\/99\\\\u002bx\\\\u0026y"),
    "encoded three times": (TOKEN, quote(quote(ENCODED))),
    "each character in hexadecimal": (TOKEN, "".join(f"\\x{ord(sign):02x}" for sign in TOKEN)),
    "some letters alone": (TOKEN, "%67eh%65im%2F99%2Bx%26y"),
    "blanks as pluses": ("ab cd efgh", "ab+cd+efgh"),
    "blanks that hold": ("ab cd efgh", "ab&nbsp;cd efgh"),
    "blanks squeezed": ("aaaa  bbbb", "aaaa bbbb"),
    "a blank as a new line": ("aaaa bbbb", "aaaa\nbbbb"),
    "blanks around it lost": (" abcdefgh ", "abcdefgh"),
}


@pytest.mark.parametrize(("value", "spelt"), SPELT.values(), ids=SPELT)
def test_other_spellings_are_found_too(value, spelt):
    concealer = Concealer({"N": value})
    for text in (f"x {spelt} y", f"<{spelt}>"):
        assert concealer.text(text).replace("%24%7BN%7D", "${N}") == text.replace(spelt, "${N}")
        assert concealer.body(text.encode()) == concealer.text(text).encode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030", "utf-8"])
@pytest.mark.parametrize("around", [b"", b"\n", b"\xd8", b"\xff\xfe\x00"])
def test_what_else_stands_in_a_body_keeps_no_value_from_being_found(encoding, around):
    shown = Concealer({"N": TOKEN}).body(around + f"晨{TOKEN}风 {TOKEN}".encode(encoding) + around)
    assert shown == around + "晨${N}风 ${N}".encode(encoding) + around


def test_letters_that_are_written_otherwise_stay_where_no_value_is():
    text = "https://a.example/%41?b=%67&c=&#65;"
    assert Concealer({"N": TOKEN}).text(text) == text
    assert Concealer({"N": TOKEN}).body(text.encode()) == text.encode()


def test_of_two_values_the_longer_is_found_first():
    assert Concealer({"A": "geheimnis", "B": "geheimnis-voll"}).text("geheimnis-voll geheimnis") == "${B} ${A}"


def test_what_is_too_short_to_be_told_from_other_words_is_left():
    assert Concealer({"A": "robot"}).text("a robot") == "a robot"


# -- how addresses live with names in them ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["${TOKEN}", "$%7BTOKEN%7D", "%24%7BTOKEN%7D"])
def test_every_spelling_of_a_name_is_one_article_at_one_host(form):
    for url in (f"https://alpha.example/a?t={form}&b=1", f"https://alpha.example/{form}/a"):
        plain = url.replace(form, "${TOKEN}")
        assert (host_of(url), canonical_url(url), article_key(url)) == (
            "alpha.example", canonical_url(plain), article_key(plain),
        )  # fmt: skip
        assert canonical_url(canonical_url(url)) == canonical_url(url)


# -- a whole run ------------------------------------------------------------------------------------------------------


def test_a_feed_that_echoes_the_token_is_read_and_its_links_are_asked_with_it(rig, site):
    rig.environ.update(TOKEN=TOKEN, KEY=KEY)
    rig.source(url="https://alpha.example/feed?token=${TOKEN}", headers={"X-Key": "${KEY}"})
    links = [f"https://alpha.example/{number}?token={html.escape(ENCODED)}" for number in (1, 2)]
    site.routes["alpha.example/feed"] = Answer(feed(*links), headers={"ETag": f'"{KEY}"'})
    site.routes["alpha.example/1"] = Answer(article_page("机器人一"))
    second = article_page(
        f"机器人二 {KEY}", "另一篇文章说的是仓库里的机器人，它们昨夜第一次独自清点了所有的货架，没有一个人在场。" * 4
    )
    packed = {"Content-Encoding": "gzip"}
    site.routes["alpha.example/2"] = Answer(gzip.compress(second.encode()), headers=packed)
    report = rig.crawl()
    assert not report.errors
    assert rig.outcomes() == {"1": "kept", "2": "kept"}
    # The address is written with the value as it stands; the links echo it percent-encoded.
    assert sorted(filter(None, site.queries)) == [*[f"token={quote(TOKEN, safe='/')}"] * 2, f"token={TOKEN}"]
    assert {seen.get("X-Key") for seen in site.seen if seen} == {KEY, None}  # robots.txt is asked without it
    assert rig.query("SELECT DISTINCT url FROM endpoint") == [("https://alpha.example/feed?token=${TOKEN}",)]
    assert rig.query("SELECT etag FROM endpoint") == [('"${KEY}"',)]
    kept = [path.read_text() for path in (rig.data / "archive").rglob("*.md")]
    assert any("机器人二 ${KEY}" in text for text in kept)


def test_history_survives_a_new_token(rig, site):
    rig.source(url="https://alpha.example/feed?token=${TOKEN}")
    for token in ("alter-schluessel", "neuer-schluessel"):
        rig.environ.update(TOKEN=token)
        site.routes["alpha.example/feed"] = Answer(feed(f"https://alpha.example/1?token={token}"))
        site.routes["alpha.example/1"] = Answer(article_page("机器人一"))
        rig.crawl(poll_now=True)
    assert rig.query("SELECT count(*) FROM entry") == [(1,)]
    assert rig.query("SELECT count(*) FROM endpoint") == [(1,)]
    assert [query for query in site.queries if "neuer" in query] == ["token=neuer-schluessel"]


def test_no_page_and_no_redirect_gets_a_secret_sent_elsewhere(rig, site):
    rig.environ.update(TOKEN=KEY, OTHER="anderes-4711")
    rig.source(url="https://alpha.example/feed?token=${TOKEN}", headers={"X-Key": "${TOKEN}", "X-App": "web"})
    rig.source("beta", "https://beta.example/feed", headers={"X-Key": "${OTHER}"})
    neighbours = ["https://evil.alpha.example/4?x=${TOKEN}", "https://alpha.example:8443/5?x=${TOKEN}"]
    evil = [
        f"https://evil.example/{n}?x={form}" for n, form in enumerate(("${TOKEN}", "$%7BTOKEN%7D", "%24%7BTOKEN%7D"))
    ]
    clear, moved = "http://alpha.example/clear?x=${TOKEN}", "https://alpha.example/moved"
    site.routes["alpha.example/feed"] = Answer(
        feed(*evil, *neighbours, clear, moved, "https://alpha.example/?x=${OTHER}")
    )
    site.routes["beta.example/feed"] = Answer(feed("https://alpha.example/of-beta?x=${TOKEN}"))
    site.routes["alpha.example/moved"] = Answer(
        status=302, headers={"Location": f"https://evil.example/moved?x={KEY}", "Set-Cookie": f"a={KEY}"}
    )
    for path in ("evil.example/0", "evil.example/1", "evil.example/2", "evil.example/moved", "alpha.example/clear"):
        site.routes[path] = Answer(article_page(path))
    rig.crawl()
    asked = dict(zip(site.hits, site.queries, strict=True))
    assert {"evil.example/0", "evil.example/1", "evil.example/2", "evil.example/moved"} <= asked.keys()
    assert {"evil.alpha.example/4", "alpha.example:8443/5"} <= asked.keys()
    assert {hit for hit, query in asked.items() if KEY in query} == {"alpha.example/feed"}
    assert not any("anderes-4711" in query for query in site.queries)
    assert {seen["Host"] for seen in site.seen if KEY in str(seen)} == {"alpha.example"}
    assert "web" in {seen.get("X-App") for seen in site.seen if seen.get("Host") == "evil.alpha.example"}
    assert [seen["Host"] for seen in site.seen if "anderes-4711" in str(seen)] == ["beta.example"]


def test_robots_are_asked_about_the_address_that_is_meant_and_tell_no_secret(rig, site):
    rig.environ.update(FOLDER="private/kanarie")
    rig.source(url="https://alpha.example/${FOLDER}/feed")
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /private/\n")
    report = rig.crawl()
    assert site.hits == ["alpha.example/robots.txt"]
    [(error,)] = rig.query("SELECT last_error FROM endpoint")
    assert "forbids https://alpha.example/${FOLDER}/feed" in error
    assert "kanarie" not in f"{report}{error}"


# -- what errors tell -------------------------------------------------------------------------------------------------


class TwoWordsError(Exception):
    def __init__(self, first, second):
        super().__init__(first, second)


def an_error(kind, *arguments, cause=None):
    error = kind(*arguments)
    error.__cause__ = cause
    return error


ERRORS = {  # raised → kind and text of what leaves
    "in its text": (an_error(ValueError, f"no {KEY}"), ValueError, "no ${KEY}"),
    "in its cause": (an_error(OSError, "broke", cause=ValueError(f"at {KEY}")), OSError, "broke"),
    "of a kind that wants more": (an_error(TwoWordsError, "a", KEY), ConcealedError, "TwoWordsError: ('a', '${KEY}')"),
    "of a kind that tells it its own way": (an_error(KeyError, KEY), ConcealedError, "KeyError: '${KEY}'"),
}


@pytest.mark.parametrize(("error", "kind", "text"), ERRORS.values(), ids=ERRORS)
def test_an_error_that_leaves_the_door_tells_no_secret_with_its_causes(error, kind, text):
    with pytest.raises(kind) as caught, telling_no_secret(SECRETS):
        raise error
    assert str(caught.value) == text
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_an_error_that_tells_none_leaves_as_it_is():
    error = an_error(OSError, "broke", cause=ValueError("why"))
    with pytest.raises(OSError, match="broke") as caught, telling_no_secret(SECRETS):
        raise error
    assert caught.value is error
    assert isinstance(error.__cause__, ValueError)


# -- the second line: logs and errors of the command line -------------------------------------------------------------


@pytest.fixture
def _no_handler_is_left():
    yield
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]


@pytest.mark.usefixtures("_no_handler_is_left")
def test_no_line_of_the_log_tells_a_value_of_the_configuration_nor_does_a_traceback(capsys):
    hidden = Hidden()
    set_up_logs(verbose=False, hide=hidden.text)
    hidden.learn("KEY", KEY)
    hidden.learn("SHORT", "kurz")
    logging.getLogger("some.library").warning("redis://:%s@h kurz", KEY, exc_info=an_error(ValueError, KEY))
    told = capsys.readouterr().err
    assert "redis://:${KEY}@h kurz" in told
    assert "ValueError: ${KEY}" in told
    assert KEY not in told


@pytest.mark.parametrize("kind", [FailedError, StorageError, click.UsageError])
def test_no_error_of_a_command_tells_a_value_of_the_configuration(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("SECRET", KEY)

    @click.command()
    @with_app
    def broken(app):
        raise kind(f"{app.config.settings.redis_url} is away")

    config = fill(tmp_path, GOOD | {"presswatch.yaml": "redis_url: redis://:${SECRET}@h/0\n"})
    result = CliRunner().invoke(broken, ["--config", str(config)])
    assert result.exit_code == (2 if kind is click.UsageError else 1)
    assert "redis://:${SECRET}@h/0 is away" in result.output
    assert KEY not in result.output
