"""A run that has only so much time: it ends in order, and runs that are always cut short come to every host."""

import os
import signal
from datetime import timedelta
from types import SimpleNamespace

import pytest
from rig import Answer, article_page, book_of, feed

from crawler.clock import RealClock

HOSTS = ("alpha", "beta", "gamma", "delta")


def first_hits(site):
    """Hosts in the order in which their feeds were asked."""
    return [hit.partition(".")[0] for hit in site.hits if hit.endswith("/feed")]


@pytest.fixture
def four(rig, site):
    """A source on each of four hosts, visited one after the other; a first visit takes two pauses of five seconds."""
    rig.write("presswatch.yaml", {"min_free_mb": 0, "hosts_at_once": 1})
    for name in HOSTS:
        rig.source(name, f"https://{name}.example/feed", politeness={"delay": "5s"})
        site.routes[f"{name}.example/feed"] = Answer(feed(f"https://{name}.example/a"))
        text = f"{name}家的机器人今天走进了工厂，工程师记录它的动作。" * 6
        site.routes[f"{name}.example/a"] = Answer(article_page(f"机器人{name}", text))
    return rig


def crawl_for(rig, seconds):
    return rig.crawl(until=rig.clock.now() + timedelta(seconds=seconds))


def test_a_run_ends_when_its_time_is_up_and_what_it_did_not_come_to_is_no_fault(four, site):
    report = crawl_for(four, 17)
    assert first_hits(site) == ["alpha", "beta"]
    assert (report.time_over, report.errors, report.balances, report.nothing_polled) == (True, (), True, False)
    assert [line.error for line in report.books] == ["", "", "", ""]
    assert four.query("SELECT error FROM run") == [("",)]


def test_a_wait_for_a_hosts_pace_is_given_up_when_the_time_is_up(four, site):
    four.source("alpha", "https://alpha.example/feed", politeness={"delay": "55s"})
    report = crawl_for(four, 30)
    assert four.clock.now() == report.started + timedelta(seconds=30)
    assert site.hits == ["alpha.example/robots.txt"]
    assert book_of(report).carried_out == 0


def test_a_wait_on_the_machines_own_clock_is_given_up_too(four, site):
    four.source("alpha", "https://alpha.example/feed", politeness={"delay": "60s"})
    four.clock = RealClock()
    report = crawl_for(four, 0.5)
    assert (report.time_over, report.ended - report.started < timedelta(seconds=30)) == (True, True)
    assert "alpha.example/feed" not in site.hits


def test_the_clock_does_not_go_to_the_deadline_when_everything_was_done_before(four):
    report = crawl_for(four, 3600)
    assert (report.time_over, report.ended - report.started) == (False, timedelta(seconds=40))
    assert four.query("SELECT outcome, count(*) FROM entry GROUP BY outcome") == [("kept", 4)]


def test_an_end_by_its_time_leaves_pages_for_the_next_run(four):
    first = crawl_for(four, 6)
    assert (book_of(first).found, book_of(first).carried_out) == (1, 1)
    second = four.crawl()
    assert (book_of(second).carried_in, book_of(second).carried_out) == (1, 0)
    assert four.query("SELECT outcome, count(*) FROM entry GROUP BY outcome") == [("kept", 4)]


def test_runs_that_are_always_cut_short_come_to_every_host(four, site):
    """Each has time for one visit, and everything is due again at once."""
    for _ in range(6):
        crawl_for(four, 6)
        four.clock.move_by(timedelta(hours=2))
    assert sorted(set(first_hits(site))) == sorted(HOSTS)
    assert set(first_hits(site)[:4]) == set(HOSTS)


def test_a_host_with_more_pages_than_a_run_has_time_for_does_not_keep_others_from_being_polled(four, site):
    links = [f"https://alpha.example/page{number}" for number in range(30)]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    site.routes |= {
        link.removeprefix("https://"): Answer(article_page("机器人", f"{link}的机器人。" * 30)) for link in links
    }
    for _ in range(4):
        crawl_for(four, 20)
    assert set(first_hits(site)) == set(HOSTS)


def test_the_host_whose_poll_is_due_longest_comes_first(four, site):
    four.crawl()
    four.clock.move_by(timedelta(minutes=40))
    four.crawl()  # all are due again, and again asked in turn
    assert first_hits(site)[4:] == first_hits(site)[:4] == ["alpha", "beta", "delta", "gamma"]
    site.hits.clear()
    four.clock.move_by(timedelta(minutes=1))
    four.source("zeta", "https://zeta.example/feed")
    four.clock.move_by(timedelta(minutes=40))
    four.crawl()
    assert first_hits(site)[0] == "zeta"  # it was never asked


# -- ended by others ---------------------------------------------------------------------------------------------------


def test_a_run_that_is_told_to_end_visits_no_further_host_and_says_nothing_of_sources(four, site):
    def last(request):
        os.kill(os.getpid(), signal.SIGTERM)
        return Answer(feed())

    site.routes["beta.example/feed"] = last
    report = four.crawl()
    assert first_hits(site) == ["alpha", "beta"]
    assert (report.stopped, report.hindered) == ("stopped by SIGTERM", "")
    assert [line.error for line in report.books] == ["", "", "", ""]
    assert four.query("SELECT error FROM run") == [("",)]
    assert four.query("SELECT count(*) FROM host WHERE generation > 0") == [(2,)]


def test_that_there_was_too_little_room_stays_in_the_books(four, site, monkeypatch):
    free = iter([6, 6, 5])
    usage = lambda path: SimpleNamespace(free=next(free, 1) * 1_000_000)  # noqa: E731
    monkeypatch.setattr("crawler.run.shutil.disk_usage", usage)
    four.write("presswatch.yaml", {"min_free_mb": 6, "hosts_at_once": 1})
    report = four.crawl()
    told = f"only 5 MB are free in {four.data}, less than min_free_mb: 6"
    assert (report.stopped, report.hindered, report.nothing_polled) == (told, told, True)
    assert four.query("SELECT error FROM run") == [(told,)]
    assert ([line.error for line in report.books], site.hits) == (["", "", "", ""], [])
