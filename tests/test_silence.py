"""Hosts that do not answer: a visit asks few of their pages, and later runs ask later and later, with one request."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from bad_weather import database_fails_at
from hypothesis import given
from hypothesis import strategies as st
from rig import START, Answer, article_page, book_of, feed
from scrapy import Request
from scrapy.http import Response

from crawler.cli.crawl import ExitCode, exit_code
from crawler.config.load import load_config
from crawler.config.models import Language
from crawler.database import Database, sqlite_url
from crawler.failure_table import Failure
from crawler.fetch.robots import RobotsUnreachableError
from crawler.fetch.silence import MOST_IN_A_ROW, SilenceMiddleware, SilentOrigins
from crawler.items import Silence
from crawler.polling import LONGEST_BACKOFF
from crawler.silences import Silences
from pipelines.health.hosts import host_lines
from pipelines.health.speech import Speech
from pipelines.health.status import status_of
from pipelines.health.status_text import status_parts

PAGES = [f"https://beta.example/{number}" for number in range(40)]
HALF_HOUR = timedelta(minutes=30)
AT = "https://a.example"


BROKEN = Answer(status=503)


def closing(request):
    """The connection is closed without an answer."""
    request.transport.close()
    return Answer()


@pytest.fixture
def dead(rig, site):
    """`alpha` announces forty pages of beta.example, which is not available, and one of its own."""
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(feed(*PAGES, "https://alpha.example/own"))
    site.routes["alpha.example/own"] = Answer(article_page("机器人在家"))
    site.routes["beta.example/robots.txt"] = Answer(status=404)
    site.routes.update({page.removeprefix("https://"): BROKEN for page in PAGES})
    return rig


def asked(site):
    return [hit for hit in site.pages() if hit.startswith("beta.example")]


def silence(rig):
    """(visits, until) of https://beta.example, or None."""
    return next(iter(rig.query("SELECT visits, until FROM silence WHERE origin = 'https://beta.example'")), None)


def answers_again(site):
    site.routes.update({page.removeprefix("https://"): Answer(article_page(f"机器人{page}")) for page in PAGES})


def test_a_dead_host_gets_three_requests_and_the_others_go_on(dead, site):
    report = dead.crawl()
    assert len(asked(site)) == MOST_IN_A_ROW
    assert dead.outcomes()["own"] == "kept"
    assert dead.query("SELECT attempts, COUNT(*) FROM entry WHERE outcome IS NULL GROUP BY 1") == [(0.0, 37), (0.5, 3)]
    assert (report.errors, report.balances) == ((), True)
    told = "https://beta.example does not answer (the server is not available: HTTP 503)"
    assert book_of(report).error == f"{told}; it is asked again at 2025-03-03 00:30 UTC"


def test_later_runs_ask_it_once_each_later_and_later(dead, site):
    dead.crawl()
    pauses = []
    for _ in range(3):
        began, until = dead.clock.now(), datetime.fromisoformat(silence(dead)[1]).replace(tzinfo=UTC)
        pauses.append(until - began)
        dead.clock.move_to(until)
        site.hits.clear()
        dead.crawl()
        assert len(asked(site)) == 1
    assert pauses == [HALF_HOUR, 2 * HALF_HOUR, 3 * HALF_HOUR]


def test_before_its_time_it_is_not_asked_at_all(dead, site):
    dead.crawl()
    site.hits.clear()
    dead.clock.move_by(timedelta(minutes=29))
    dead.crawl()
    assert asked(site) == []


def test_an_answer_ends_the_silence(dead, site):
    dead.crawl()
    dead.clock.move_by(HALF_HOUR)
    answers_again(site)
    dead.crawl()
    assert silence(dead) is None
    assert None not in dead.outcomes().values()


def test_a_run_that_somebody_wants_now_tries_it(dead, site):
    dead.crawl()
    answers_again(site)
    site.hits.clear()
    dead.clock.move_by(timedelta(minutes=6))
    dead.crawl(poll_now=True)
    assert None not in dead.outcomes().values()


def test_dead_pages_of_a_living_host_do_not_keep_its_others_waiting(rig, site):
    """The first half of the pages is dead for good; what is behind them is had before they are given up."""
    rig.source(politeness={"delay": "0s"})
    links = [f"https://alpha.example/{number}" for number in range(12)]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for number in range(12):
        page = Answer(article_page(f"机器人{number}", f"第{number}台机器人。" * 30))
        site.routes[f"alpha.example/{number}"] = BROKEN if number < 6 else page
    for _ in range(3):
        rig.crawl()
        rig.clock.move_by(HALF_HOUR)
    assert [rig.outcomes()[str(number)] for number in range(12)] == [None] * 6 + ["kept"] * 6


def test_one_page_that_always_breaks_stops_nobody(dead, site):
    answers_again(site)
    site.routes["beta.example/7"] = BROKEN
    report = dead.crawl()
    assert [path for path, outcome in dead.outcomes().items() if outcome is None] == ["7"]
    assert "does not answer" not in book_of(report).error


def test_with_several_at_once_no_more_are_asked_than_are_under_way(dead, site):
    dead.source(url="https://alpha.example/feed", politeness={"delay": "0s", "concurrency": 4})

    async def late(request):
        await asyncio.sleep(0.05)
        return BROKEN

    site.routes.update({page.removeprefix("https://"): late for page in PAGES})
    dead.crawl()
    assert len(asked(site)) <= MOST_IN_A_ROW - 1 + 4
    site.hits.clear()
    dead.clock.move_by(HALF_HOUR)
    dead.crawl()
    assert len(asked(site)) == 1


@pytest.mark.parametrize("robots", [closing, BROKEN, Answer(status=403)], ids=["breaks", "not available", "refused"])
def test_where_robots_txt_cannot_be_read_the_pages_are_not_counted_one_by_one(dead, site, robots):
    site.routes["beta.example/robots.txt"] = robots
    dead.crawl()
    assert asked(site) == []
    [(untouched,)] = dead.query("SELECT COUNT(*) FROM entry WHERE outcome IS NULL AND attempts = 0")
    assert untouched >= 37
    assert silence(dead)[0] == 1
    [(told,)] = dead.query("SELECT error FROM book WHERE source = 'alpha'")
    assert told.startswith("nothing may be asked of https://beta.example yet (robots.txt could not be read")


def test_a_redirect_to_a_silent_host_does_not_stop_the_one_that_leads_there(rig, site):
    rig.source(politeness={"delay": "0s"})
    links = [f"https://alpha.example/{number}" for number in range(9)]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for number in range(9):
        site.routes[f"alpha.example/{number}"] = Answer(article_page(f"机器人{number}", f"第{number}台机器人。" * 30))
    for number in range(0, 9, 2):
        site.routes[f"alpha.example/{number}"] = Answer(
            status=302, headers={"Location": f"https://beta.example/{number}"}
        )
    site.routes["beta.example/robots.txt"] = Answer(status=404)
    site.routes.update({f"beta.example/{number}": BROKEN for number in range(9)})
    rig.crawl()
    assert len(asked(site)) == 3
    assert [rig.outcomes()[str(number)] for number in range(1, 9, 2)] == ["kept"] * 4
    put_off = rig.query("SELECT attempts, last_error FROM entry WHERE attempts = 0 AND outcome IS NULL")
    assert (
        put_off == [(0.0, "https://beta.example does not answer; it is asked again at 2025-03-03T00:30:06+00:00")] * 2
    )


def test_lists_of_a_silent_host_stay_due(rig, site):
    lists = [{"url": f"https://alpha.example/feed{number}", "every": "30m"} for number in range(6)]
    rig.source(endpoints=lists, politeness={"delay": "0s"})
    site.routes["alpha.example/robots.txt"] = Answer(status=404)
    site.routes.update({f"alpha.example/feed{number}": BROKEN for number in range(6)})
    report = rig.crawl()
    assert (len(site.pages()), report.polls_failed) == (3, 3)
    assert rig.query("SELECT COUNT(*) FROM endpoint WHERE next_due IS NULL") == [(3,)]
    site.hits.clear()
    rig.clock.move_by(HALF_HOUR)
    rig.crawl()
    assert len(site.pages()) == 1


def when_the_pause_is_over(rig, origin):
    [(until,)] = rig.query(f"SELECT until FROM silence WHERE origin = '{origin}'")
    rig.clock.move_to(max(rig.clock.now(), datetime.fromisoformat(until).replace(tzinfo=UTC)))


@pytest.fixture
def half_dead(rig, site):
    """`alpha` has three lists at dead.site.example; `gamma` announces a page of www.site.example."""
    lists = [{"url": f"https://dead.site.example/{name}", "every": "10m"} for name in "abc"]
    rig.source(endpoints=lists, politeness={"delay": "0s"})
    site.routes.update({f"dead.site.example/{path}": BROKEN for path in ("robots.txt", "a", "b", "c", "1")})
    rig.source("gamma", "https://www.site.example/feed", politeness={"delay": "0s"})
    site.routes["www.site.example/feed"] = Answer(feed("https://www.site.example/1"))
    site.routes["www.site.example/1"] = Answer(article_page("机器人"))
    return rig


def test_a_dead_host_keeps_no_other_of_its_domain_waiting(half_dead, site):
    for _ in range(2):
        half_dead.crawl()
        when_the_pause_is_over(half_dead, "https://dead.site.example")
    assert half_dead.outcomes() == {"1": "kept"}
    assert site.hits.count("www.site.example/feed") == 2
    assert half_dead.query("SELECT origin, visits FROM silence") == [("https://dead.site.example", 2)]


def test_dead_lists_do_not_keep_the_pages_of_their_own_host_waiting(half_dead, site):
    site.routes["dead.site.example/robots.txt"] = Answer(status=404)
    site.routes["www.site.example/feed"] = Answer(feed("https://dead.site.example/1"))
    for _ in range(2):  # a, b and c; then a again, and 1 goes first the next time
        half_dead.crawl()
        when_the_pause_is_over(half_dead, "https://dead.site.example")
    site.routes["dead.site.example/1"] = Answer(article_page("机器人"))
    half_dead.crawl()
    assert half_dead.outcomes() == {"1": "kept"}
    # That ended it, and the lists that were asked after the page began another.
    assert half_dead.query("SELECT origin, visits FROM silence") == [("https://dead.site.example", 1)]


@pytest.mark.parametrize(("status", "visits"), [(429, None), (503, 1), (567, None)])
def test_a_run_that_somebody_wants_now_keeps_to_what_a_silent_host_asks_for(dead, site, status, visits):
    dead.crawl()
    dead.clock.move_by(HALF_HOUR)
    busy = Answer(status=status, headers={"Retry-After": "36000"})
    site.routes.update({page.removeprefix("https://"): busy for page in PAGES})
    dead.crawl()
    # One that answers is not silent, whatever it answers; one that says when it is there again needs no pause of ours.
    assert (silence(dead) or [None])[0] == visits
    answers_again(site)
    site.hits.clear()
    dead.clock.move_by(HALF_HOUR)
    dead.crawl(poll_now=True)
    assert asked(site) == []


def test_others_that_share_the_hosts_are_not_told_of_a_guess_of_ours(dead, site, redis_url):
    dead.write("presswatch.yaml", {"min_free_mb": 0, "redis_url": redis_url})
    dead.crawl()
    answers_again(site)
    dead.clock.move_by(timedelta(minutes=6))
    dead.crawl(poll_now=True)
    assert None not in dead.outcomes().values()


def test_what_waited_for_a_host_that_died_ends(dead, site):
    """By its host's cause, when it could not be had for as long as it would have been news; what is newer goes on."""
    dead.source(politeness={"delay": "0s"}, articles={"max_age": "1d"})
    site.routes["alpha.example/feed"] = Answer(feed(*PAGES[:12]))
    late = START + timedelta(hours=20)
    while dead.clock.now() < START + timedelta(days=1, hours=10):
        report = dead.crawl()
        assert (report.balances, report.errors) == (True, ())
        when_the_pause_is_over(dead, "https://beta.example")
        is_late = dead.clock.now() > late
        site.routes["alpha.example/feed"] = Answer(feed(*PAGES[:12], *PAGES[20:22] if is_late else []))
    ended = dead.query("SELECT outcome, reason, url FROM entry WHERE outcome IS NOT NULL")
    cause = f"{Failure.UNAVAILABLE}: HTTP 503"
    told = f"{cause}; https://beta.example could not be asked since {START.isoformat()}"
    assert {(outcome, reason) for outcome, reason, _ in ended} == {("failed", told)}
    assert len(ended) >= 10
    assert {url for *_, url in ended} <= set(PAGES[:12])


class _Visit:
    """As much of one as the middleware asks for."""

    def __init__(self, memory, tries_anew=False):
        self.silent = SilentOrigins(memory, lambda: START, tries_anew=tries_anew)
        self.run = self.pace = self
        self.replay = None

    def held_until(self, host):
        return None

    def note(self, source, text):
        pass


def known_silent(cause, until):
    memory = _Memory()
    memory.known[AT] = Silence(origin=AT, visits=4, since=START - HALF_HOUR, cause=cause, until=until)
    return memory


DOWN, NO_RULES = f"{Failure.UNAVAILABLE}: HTTP 503", f"{Failure.ROBOTS_UNREACHABLE}: HTTP 503"


@pytest.mark.parametrize(
    ("path", "status", "cause", "ends"),
    [
        *(("robots.txt", status, cause, False) for status in (401, 403, 429, 503) for cause in (DOWN, NO_RULES)),
        *(("robots.txt", status, NO_RULES, True) for status in (200, 404)),
        *(("robots.txt", status, DOWN, False) for status in (200, 404)),
        *(("page", status, cause, True) for status in (200, 304, 403, 404, 429, 567) for cause in (DOWN, NO_RULES)),
        ("page", 503, DOWN, False),
    ],
)
def test_what_ends_a_silence(path, status, cause, ends):
    memory = known_silent(cause, START)
    request = Request(f"{AT}/{path}", meta={"source": "alpha", **({"is_robots": 1} if path == "robots.txt" else {})})
    SilenceMiddleware(_Visit(memory)).process_response(request, Response(request.url, status=status))
    assert (memory.known == {}) is ends


@pytest.mark.parametrize(("is_asked", "visits"), [(True, 5), (False, 4)])
def test_rules_that_were_not_asked_for_in_this_run_prolong_no_silence(is_asked, visits):
    until = START + HALF_HOUR
    memory = known_silent(NO_RULES, until)
    visit = _Visit(memory, tries_anew=True)
    assert visit.silent.paused_until(AT) is None
    error = RobotsUnreachableError("HTTP 503")
    error.asked = is_asked
    SilenceMiddleware(visit).process_exception(Request(f"{AT}/1", meta={"source": "alpha"}), error)
    assert memory.known[AT].visits == visits
    assert visit.silent.paused_until(AT) == memory.known[AT].until  # and nothing more is tried in this run


@given(st.lists(st.booleans(), max_size=120))
def test_the_pause_grows_by_half_an_hour_a_visit_up_to_a_day_and_an_answer_ends_it(visits):
    """The law, on the ledger's own memory replaced by a dictionary: True is a visit that is answered."""
    memory, now, silent_for, began = _Memory(), START, 0, None
    for is_answered in visits:
        hosts = SilentOrigins(memory, lambda moment=now: moment)
        assert (hosts.silence_of(AT) is not None) is (silent_for > 0)
        if is_answered:
            hosts.answered(AT)
            silent_for, began = 0, None
            assert memory.known == {}
            continue
        tries = 1 if silent_for else MOST_IN_A_ROW
        told = [hosts.failed(f"{AT}/{number}", Failure.CONNECTION, "no connection") for number in range(tries)]
        silent_for += 1
        began = began or now
        assert told[:-1] == [None] * (tries - 1)
        assert told[-1].until - now == min(silent_for * HALF_HOUR, LONGEST_BACKOFF)
        assert memory.known == {AT: told[-1]}
        assert (told[-1].visits, told[-1].since) == (silent_for, began)
        now = told[-1].until


class _Memory:
    def __init__(self):
        self.known = {}

    def silence_of(self, origin):
        return self.known.get(origin)

    def note_silence(self, known):
        self.known[known.origin] = known

    def end_silence(self, origin):
        del self.known[origin]


def test_the_same_address_again_counts_once():
    hosts = SilentOrigins(_Memory(), lambda: START)
    assert [hosts.failed(f"{AT}/x", Failure.TIMEOUT, "timed out") for _ in range(9)] == [None] * 9


def test_the_ledger_remembers_since_when_and_why(database):
    hosts = SilentOrigins(Silences(database), lambda: START)
    for number in range(MOST_IN_A_ROW):
        hosts.failed(f"{AT}/{number}", Failure.CONNECTION, "127.0.0.1:9 refuses the connection")
    known = Silences(database).silence_of(AT)
    assert (known.visits, known.since, known.until) == (1, START, START + HALF_HOUR)
    assert known.cause == "no connection: 127.0.0.1:9 refuses the connection"
    SilentOrigins(Silences(database), lambda: START).answered(f"{AT}/1")
    assert Silences(database).silence_of(AT) is None


def test_status_of_one_source_tells_its_own_hosts_alone(dead):
    dead.source("other", "https://other.example/feed")
    dead.crawl()
    database = Database(sqlite_url(dead.data / "presswatch.db"))
    with database.read() as connection:
        hosts = {name: host_lines(connection, name) for name in ("", "alpha", "other")}
    database.close()
    assert [line.host for line in hosts["alpha"]] == ["https://beta.example"]
    assert (hosts["alpha"], hosts["other"]) == (hosts[""], ())


def test_status_tells_which_host_since_when_why_and_when_it_is_asked_again(dead):
    dead.crawl()
    dead.clock.move_by(HALF_HOUR)
    dead.crawl()
    database = Database(sqlite_url(dead.data / "presswatch.db"))
    with database.read() as connection:
        status = status_of(connection, load_config(dead.config, environ={}), dead.clock.now())
    database.close()
    [line] = status.hosts
    assert (line.host, line.visits, line.pending) == ("https://beta.example", 2, 40)
    assert line.since < START + timedelta(minutes=1)
    assert line.cause == f"{Failure.UNAVAILABLE}: HTTP 503"
    assert line.next_try - dead.clock.now() == timedelta(hours=1)
    texts = {}
    for language in Language:
        speech = Speech(language=language, now=status.at, zone=UTC)
        texts[language] = [text for part in status_parts(status, speech) for text in part.lines]
    english = f"https://beta.example since 2025-03-03 00:00: {line.cause}; next try in 60 min; 40 entries wait for it"
    assert english in texts[Language.EN]
    assert "https://beta.example 自 2025-03-03 00:00 起：服务器暂不可用（HTTP 503）；" in "\n".join(
        texts[Language.ZH_CN]
    )


@pytest.mark.parametrize("when", ["it falls silent", "it answers again"])
def test_what_the_ledger_cannot_be_told_ends_the_run_in_order(dead, site, when):
    if when == "it answers again":
        dead.crawl()
        dead.clock.move_by(HALF_HOUR)
        answers_again(site)
    report = dead.crawl(prepare=database_fails_at(r"(INSERT INTO|DELETE FROM) silence"))
    assert "the disk is full (SQLITE_FULL)" in report.halted
    assert (report.errors, exit_code(report, strict=False)) == ((), ExitCode.INTERNAL)
    answers_again(site)
    dead.clock.move_by(timedelta(hours=1))
    report = dead.crawl()
    assert (report.halted, report.errors, report.balances) == ("", (), True)
    assert None not in dead.outcomes().values()
    assert silence(dead) is None
