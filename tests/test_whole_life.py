"""A whole life of commands: no secret is told, no file is anybody else's to read, nobody is called but the route.

One process lives it, against a server that echoes every secret wherever a server can.
"""

import base64
import gzip
import html
import json
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import pytest
import yaml
from redis_server import running
from rig import THEMES, Answer, article_page, serving
from whole_life import found, live

from crawler.config.load import load_config

# Each has signs that addresses, forms, HTML and JSON spell in another way.
CANARIES = {
    "QUERY": "kanarie-query/1+a&b",
    "SEGMENT": "kanarie-segment~2",
    "HEADER": 'kanarie-header "3"',
    "OF_FILE": "kanarie-file:4",
    "OF_UNIT": "kanarie-unit=5",
    "IN_JSON": 'kanarie-json\\6"',
    "IN_FORM": "kanarie-form 7&c=d",
    "IN_LINK": "kanarie-link.8",
    "REDIS": "kanarie-redis-9",
}
SENT = {name: value for name, value in CANARIES.items() if name != "REDIS"}
ECHO = " ".join(SENT.values())
TEXT = "这台机器人第{}次走进了工厂的装配线，工程师们在旁边记录它的每一个动作，直到夜里才离开车间。" * 4
NOW = "2025-03-03T08:00:00+08:00"
SOURCES = {
    "alpha": {
        "kind": "feed",
        "headers": {"X-Key": "${HEADER}", "X-Unit": "v ${OF_UNIT}"},
        "endpoints": [
            {"url": "https://alpha.example/feed?token=${QUERY}"},
            {"url": "https://alpha.example/${SEGMENT}/feed"},
            {"url": "https://alpha.example/away?token=${QUERY}"},
        ],
    },
    "gamma": {  # at a host of its own: after three broken answers nothing else is asked of it
        "kind": "feed",
        "endpoints": [
            {"url": "https://gamma.example/broken?token=${QUERY}"},
            {"url": "https://gamma.example/nonsense?token=${QUERY}"},
            {"url": "https://gamma.example/error?token=${QUERY}"},
        ],
    },
    "beta": {
        "kind": "json",
        "headers": {"X-Key": "${OF_FILE}"},
        "entries": {"items": "data", "link": "https://beta.example/a/{id}?key=${IN_LINK}", "title": "title"},
        "endpoints": [
            {"url": "https://beta.example/json", "post_json": {"key": "${IN_JSON}"}},
            {"url": "https://beta.example/form", "post_form": {"key": "${IN_FORM}"}},
        ],
    },
}


class Press:
    """A server that gives back all it is given, and everything else it might know."""

    def __init__(self, site):
        self.site = site
        self.got: list[str] = []  # addresses, headers and bodies, in order
        rows = [{"id": 7, "title": f"机器人 {ECHO}"}]
        for path, answer in {
            "alpha.example/feed": Answer(self._feed(1), headers=self._headers()),
            f"alpha.example/{CANARIES['SEGMENT']}/feed": Answer(
                gzip.compress(self._feed(2).encode()), headers={"Content-Encoding": "gzip"}
            ),
            "gamma.example/error": Answer(f"<h1>{ECHO}</h1>", status=500, headers=self._headers()),
            "alpha.example/away": Answer(status=302, headers={"Location": f"https://evil.example/?{self._query()}"}),
            "alpha.example/moved": Answer(status=301, headers={"Location": f"/1?{self._query()}", **self._headers()}),
            "alpha.example/1": Answer(
                article_page(f"机器人一 {html.escape(ECHO)}", TEXT.replace("{}", "一") + html.escape(ECHO)),
                headers=self._headers(),
            ),
            "alpha.example/2": Answer(article_page("机器人二", f"第二篇 {html.escape(ECHO)}。" * 9)),
            "evil.example/": Answer(self._feed(3)),
            "beta.example/json": Answer(
                json.dumps({"data": rows, "echo": ECHO}), headers={"Content-Type": "application/json"}
            ),
            "beta.example/form": Answer(json.dumps({"error": ECHO})),
            "beta.example/a/7": Answer(article_page("机器人七", TEXT.replace("{}", "七"))),
        }.items():
            site.routes[path] = self._noted(answer)
        site.routes["gamma.example/broken"] = self._broken
        site.routes["gamma.example/nonsense"] = self._nonsense

    def _noted(self, answer):
        async def give(request):
            await self._note(request)
            return answer

        return give

    async def _note(self, request):
        body = (await request.read()).decode()
        self.got.append(f"{request.host} {request.rel_url.raw_path_qs} {dict(request.headers)} {body}")

    async def _broken(self, request):
        await self._note(request)
        request.transport.write(f"HTTP/1.1 200 OK\r\nX-Echo: {ECHO}\r\nContent-Length: 9999\r\n\r\n{ECHO}".encode())
        request.transport.close()
        return Answer()

    async def _nonsense(self, request):
        await self._note(request)
        request.transport.write(f"HTTP/1.1 {ECHO}\r\nX-Echo {ECHO}\r\n\r\n".encode())
        request.transport.close()
        return Answer()

    @staticmethod
    def _query():
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in SENT.items())

    @classmethod
    def _headers(cls):
        link = f'<https://alpha.example/feed?{cls._query()}>; rel="self"'
        return {"Set-Cookie": f"echo={ECHO}", "X-Echo": ECHO, "ETag": f'"{CANARIES["SEGMENT"]}"', "Link": link}

    @classmethod
    def _feed(cls, number):
        links = (
            f"https://alpha.example/{number}?{cls._query()}",
            f"https://alpha.example/moved?n={number}&{cls._query()}",
        )
        rows = "".join(
            f"<item><title>机器人 {html.escape(ECHO)} {n}</title><link>{html.escape(link)}</link>"
            f"<description>{html.escape(ECHO)}</description><pubDate>Mon, 03 Mar 2025 07:00:00 +0800</pubDate></item>"
            for n, link in enumerate(links)
        )
        return (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>{html.escape(ECHO)}</title>{rows}</channel></rss>'
        )


@dataclass
class Life:
    folder: Path
    press: Press
    route: str
    redis_port: int
    said: str
    codes: list[int]
    commands: list[list[str]]


def _config(folder, redis):
    files = {
        "presswatch.yaml": {"min_free_mb": 0, "redis_url": f"redis://:${{REDIS}}@127.0.0.1:{redis.port}/0",
            "contact": "https://b.example/kontakt",
        },
        "themes.yaml": THEMES,
        "subscriptions.yaml": {"subscriptions": [{"name": "daily"}]},
        **{f"sources/{name}.yaml": {"name": name, "rights": "full", **source} for name, source in SOURCES.items()},
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _environ(folder):
    """The canaries: most as variables, one in a file, one as a credential of systemd."""
    (folder / "of_file").write_text(CANARIES["OF_FILE"] + "\n")
    (folder / "unit").mkdir()
    (folder / "unit/of_unit").write_text(CANARIES["OF_UNIT"] + "\n")
    environ = {name: value for name, value in CANARIES.items() if not name.startswith("OF_")}
    return {**environ, "OF_FILE_FILE": str(folder / "of_file"), "CREDENTIALS_DIRECTORY": str(folder / "unit")}


def _commands(folder, route):
    out = folder / "out"
    places = ["--config", str(folder / "config"), "--data", str(out / "data"), "--route", route, "--verbose"]
    at, later = [*places, "--now", NOW], [*places, "--now", "2025-03-04T09:00:00+08:00"]
    return [
        ["init", str(out / "conf")],
        [*at, "doctor"],
        [*at, "crawl"],
        [*at, "--json", "crawl", "alpha"],
        [*later, "crawl", "--all", "--then-digest"],
        [*later, "digest"],
        [*later, "--json", "digest"],
        [*later, "status"],
        [*later, "--json", "status"],
        [*later, "status", "alpha"],
        [*later, "--json", "status", "beta"],
        [*later, "explain", "机器人一"],
        [*later, "--json", "explain", "机器人"],
        [*later, "search", "机器人"],
        [*later, "--json", "search", "机器人"],
        [*later, "doctor"],
        [*later, "--json", "doctor"],
        [*later, "export", "--format", "jsonl", "--whole", "--out", str(out / "all.jsonl")],
        [*later, "export", "--format", "hugo", "--out", str(out / "hugo")],
        [*later, "backup", "--with-captures", str(out / "backup.tar.gz")],
        ["--config", str(folder / "config"), "--data", str(out / "restored"), "restore", str(out / "backup.tar.gz")],
        [*later, "archive", "verify"],
        [*later, "extract", "https://alpha.example/2", "--source", "alpha"],
        [*later, "explain", f"https://beta.example/a/7?key={CANARIES['IN_LINK']}"],
        [*later, "forget", f"https://beta.example/a/7?key={CANARIES['IN_LINK']}", "--reason", "x", "--yes"],
        [*places, "schedule"],
        [*later, "crawl", "nobody"],
    ]


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("life")
    (folder / "out").mkdir()
    (folder / "redis").mkdir()
    with serving() as site, running(folder / "redis", CANARIES["REDIS"]) as redis:
        _config(folder / "config", redis)
        press, commands = Press(site), _commands(folder, site.url)
        process = live(folder, commands, environ=_environ(folder))
        yield Life(
            folder, press, site.url, redis.port, process.stdout + process.stderr, found(folder, "codes.json"), commands
        )


# -- secrets ----------------------------------------------------------------------------------------------------------


def forms_of(value):
    """Every form a value might be told in."""
    yield from (value, html.escape(value), quote(value), quote(value, safe=""), quote_plus(value))
    yield from (json.dumps(value)[1:-1], json.dumps(json.dumps(value))[3:-3], repr(value)[1:-1])
    for before in range(3):  # in base64 it looks in three ways, by where it begins; its edges are others'
        coded = base64.b64encode(b"\0" * before + value.encode()).decode()
        yield coded[4 * bool(before) : -4]


def texts_of(folder):
    """What every file holds, packed ones unpacked: name → text."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as tar:
                for member in tar:
                    content = tar.extractfile(member).read()
                    is_packed = content.startswith(b"\x1f\x8b")
                    yield f"{path.name}:{member.name}", gzip.decompress(content) if is_packed else content
        else:
            yield str(path.relative_to(folder)), gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def told(texts):
    """(where, name of the canary) of each canary that is found."""
    return [
        (where, name)
        for where, text in texts
        for name, value in CANARIES.items()
        if any(form.encode(encoding) in text for form in forms_of(value) for encoding in ("utf-8", "utf-16-le"))
    ]


def test_the_life_was_lived(life):
    failed = {words[-1]: code for words, code in zip(life.commands, life.codes, strict=True) if code}
    assert failed.keys() <= {"nobody", "doctor"}, life.said[-3000:]
    assert (life.folder / "out/data/captures").is_dir()
    assert len(list((life.folder / "out/data/archive").rglob("*.md"))) >= 2


def test_the_server_got_each_secret_where_the_config_sends_it(life):
    got = life.press.got
    assert any("/feed?token=" in line and "kanarie-query/1" in line.replace("%2F", "/") for line in got)
    assert any(f"/{CANARIES['SEGMENT']}/feed" in line for line in got)
    for name in ("HEADER", "OF_FILE", "OF_UNIT"):
        assert any(CANARIES[name] in line for line in got), name
    assert any(json.dumps({"key": CANARIES["IN_JSON"]}) in line for line in got)
    assert any(line.endswith(f"key={quote_plus(CANARIES['IN_FORM'])}") for line in got)
    assert any(f"/a/7?key={CANARIES['IN_LINK']}" in line for line in got)
    assert any(line.startswith("evil.example") for line in got)
    assert not told([(line[:80], line.encode()) for line in got if line.startswith("evil.example")])


def test_no_file_holds_a_secret(life):
    texts = dict(texts_of(life.folder / "out"))
    assert any(name.startswith("data/captures/") for name in texts)
    assert any(b"${QUERY}" in text for name, text in texts.items() if "presswatch.db" in name)
    assert not told(texts.items())


def test_nothing_that_is_said_or_logged_holds_a_secret(life):
    assert "${QUERY}" in life.said
    raw = (life.folder / "raw.log").read_bytes()
    assert raw.count(b"\n") > 100
    started = json.dumps([event for event in found(life.folder, "events.json") if event[0] == "subprocess.Popen"])
    assert not told([("what is said", life.said.encode()), ("what is logged", raw), ("processes", started.encode())])


@pytest.mark.parametrize("form", range(len(list(forms_of("x" * 12)))))
@pytest.mark.parametrize("name", CANARIES)
def test_the_search_finds_a_secret_in_every_form(name, form):
    """So that the tests above can fail."""
    assert (name in [found for _, found in told([("", [*forms_of(CANARIES[name])][form].encode())])]) is True


# -- modes ------------------------------------------------------------------------------------------------------------


def test_every_file_and_folder_is_its_users_alone_whatever_the_umask(life):
    made = [*(life.folder / "out").rglob("*")]
    modes = {path.relative_to(life.folder / "out"): stat.S_IMODE(path.stat().st_mode) for path in made}
    tops = {path.parts[0] for path in modes}
    assert tops == {"conf", "data", "restored", "all.jsonl", "hugo", "backup.tar.gz"}
    kinds = {"run.lock", "presswatch.db", "archive", "captures", "digests", "schedule.json", "schedule.stacks.txt"}
    assert kinds <= {path.parts[1] for path in modes if path.parts[0] == "data" and len(path.parts) > 1}
    wide = {path: oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert not wide


def test_a_backup_unpacked_by_tar_is_its_users_alone_too(life):
    with tarfile.open(life.folder / "out/backup.tar.gz") as tar:
        assert {member.mode for member in tar} == {0o600}


# -- telemetry --------------------------------------------------------------------------------------------------------


def test_nobody_is_called_but_the_route_and_the_server_that_is_configured(life):
    events = found(life.folder, "events.json")
    allowed = {("127.0.0.1", urlsplit(life.route).port), ("127.0.0.1", life.redis_port)}
    called = {event[-1] for event in events if event[0] == "socket.connect"}
    assert called == {str(address) for address in allowed}
    names = {event[1] for event in events if event[0] == "socket.getaddrinfo"}
    assert names <= {"127.0.0.1"}
    bound = [event[-1] for event in events if event[0] in {"socket.bind", "socket.sendto"}]
    # urllib3, which trafilatura imports, tries whether there is IPv6; nothing listens there.
    assert set(bound) <= {"('::1', 0)"}


def test_no_program_is_started_but_those_that_doctor_asks_about_clock_and_fonts(life):
    events = found(life.folder, "events.json")
    started = {Path(event[1]).name for event in events if event[0] in {"subprocess.Popen", "os.exec"}}
    assert started <= {"timedatectl", "fc-list"}


def test_the_config_of_the_life_is_one_that_names_every_canary(life):
    text = "".join(path.read_text() for path in (life.folder / "config").rglob("*.yaml"))
    assert all(f"${{{name}}}" in text for name in CANARIES)
    assert load_config(life.folder / "config", environ=CANARIES).secrets.conceal
