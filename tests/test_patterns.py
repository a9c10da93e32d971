"""Expressions of a config × what a page may hold: the same finds as without a limit, and an end in time."""

import hashlib
import re
import threading
import time
from contextlib import suppress
from math import isnan
from types import SimpleNamespace

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from crawler.allowance import IN_ALL, ONCE, Spell, TooSlowError, in_all
from crawler.config.load import load_config
from crawler.config.places import shipped_config
from crawler.config.selectors import as_xpath, check_jmespath, check_selector, found_in
from crawler.config.xpath_steps import STEP, steps_of
from crawler.jmes import ask
from crawler.patterns import Pattern, pattern

BAIT = "a" * 40_000 + "!"
_SLACK = 4  # times the limit: what one step of the engines may last beyond it, on a machine with other work


def seconds_until_told(asked):
    """Processor seconds until an expression is told to be too slow."""
    begun = time.process_time()
    with pytest.raises(TooSlowError):
        asked()
    return time.process_time() - begun


@pytest.mark.parametrize("written", [r"(a+)+$", r"(.*a){20}$", r"(\w|\d)+$", r"(a|aa)+$", r"(?:a*)*$", r"(\w+\s?)*\d$"])
def test_a_search_ends_in_time(written):
    assert seconds_until_told(lambda: pattern(written).search(BAIT)) < _SLACK * ONCE


def test_all_searches_over_one_list_end_in_time():
    slow = pattern(r"(\w|\d)+$")
    begun = time.process_time()
    with in_all():
        for _ in range(30):  # without an end to them all: fifteen seconds
            with pytest.raises(TooSlowError, match=r"\(\\w\|\\d\)"):
                slow.search(BAIT)
    assert time.process_time() - begun < _SLACK * IN_ALL


def test_whoever_took_the_most_is_blamed_for_what_is_left_to_none():
    slow, quick = pattern(r"(\w|\d)+$"), pattern("b")
    with in_all(0.2):
        assert quick.search("ab")
        for asked in (slow, quick):
            with pytest.raises(TooSlowError) as told:
                asked.search(BAIT)
            assert told.value.expression == slow.written


def test_what_ends_only_because_little_was_left_is_not_blamed():
    with in_all(0.2):
        with Spell("long"):
            _burn(0.15)
        with Spell("short") as spell:
            _burn(0.1)
            with pytest.raises(TooSlowError) as told:
                spell.step()
    assert told.value.expression == "long"


def _burn(seconds):
    """Processor time, without holding the other threads."""
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10_000)


def test_what_another_thread_takes_is_not_counted():
    begun = time.process_time()
    with Spell("x") as spell:
        other = threading.Thread(target=_burn, args=(1.2 * ONCE,))
        other.start()
        other.join()
        assert time.process_time() - begun > ONCE
        spell.step()


def test_a_search_whose_time_went_to_another_thread_is_made_again():
    given = []

    def search(text, timeout):
        given.append(timeout)
        if len(given) < 3:
            raise TimeoutError
        return text

    assert Pattern("x", SimpleNamespace(search=search)).search("found") == "found"
    assert given == [ONCE, 2 * ONCE, 4 * ONCE]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        pytest.param("(", "not a regular expression", id="no-expression"),
        pytest.param(r"\p{Han}", "bad escape", id="of-regex-alone"),
        pytest.param(r"(?<=a|bc)d", "fixed-width", id="look-behind-of-any-length"),
        pytest.param("(?V1)a", "unknown extension", id="version-1"),
        pytest.param("a(?i)", "global flags", id="flags-in-the-middle"),
        pytest.param("[[:alpha:]]", "nested set", id="a-class-of-posix"),
        pytest.param("[a-z--[aeiou]]", "nested set|set difference", id="a-set-less-another"),
        pytest.param("[a||b]", "set union", id="sets-joined"),
        pytest.param("colou{e<=1}r", r"braces", id="errors-allowed"),
        pytest.param("a{i}", r"braces", id="insertions-allowed"),
        pytest.param("(?:(?:a{1000}){1000}){1000}", "more than 10000", id="counts-in-counts"),
        pytest.param("(" * 3000 + ")" * 3000, "not a regular expression", id="too-deep"),
    ],
)
def test_what_would_mean_something_else_is_refused(written, told):
    with pytest.raises(ValueError, match=told):
        pattern(written)


@pytest.mark.parametrize(
    "written",
    [
        r"\{e}",
        "[{e}]",
        r"a{2,3}",
        r"(?:a{100}){50}b{9000}",
        r"\[\[",
        r"a++",
        r"(?>a|b)",
        "((a{1,200}){1,200})",
        r"\d{4}-\d{2}",
        "{",
    ],
)
def test_what_means_the_same_is_taken(written):
    assert pattern(written).written == written


ATOMS = st.sampled_from(
    ["a", "b", "7", "号", ".", r"\d", r"\w", r"\s", "[ab]", "[^a]", r"\b", "^", "$", "(?:ab|a)", "(a)"]
)
TIMES = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "*?", "+?", "*+"])
EXPRESSIONS = st.lists(st.tuples(ATOMS, TIMES), min_size=1, max_size=5).map(
    lambda parts: "".join(atom + ("" if atom in {"^", "$", r"\b"} else times) for atom, times in parts)
)


@settings(max_examples=200)
@given(EXPRESSIONS, st.text(alphabet="ab7号 \n-", max_size=12))
def test_the_finds_are_those_of_re(written, text):
    mine, theirs = pattern(written, ignore_case=True), re.compile(written, re.IGNORECASE)
    found, expected = mine.search(text), theirs.search(text)
    assert (found and found.span()) == (expected and expected.span())
    assert [span for span in mine.spans(text) if span[0] < span[1]] == [
        one.span() for one in theirs.finditer(text) if one.end() > one.start()
    ]


def test_the_shipped_expressions_find_what_they_did():
    config = load_config(shipped_config(), environ={})
    written = {one for source in config.sources for one in (source.articles.url, source.articles.gone_at) if one}
    addresses = [endpoint.url for source in config.sources for endpoint in source.endpoints]
    samples = [one.replace("\\d+", "12").replace("\\", "").replace("(?:www.)?", "www.") for one in written]
    texts = [*addresses, *samples, "https://new.qq.com/rain/a/20250213A096Z200", "https://www.qq.com/babygohome/"]
    assert len(written) > 20
    for one in written:
        found = [bool(pattern(one).search(text)) for text in texts]
        assert found == [bool(re.search(one, text)) for text in texts]


PAGE = "<html><body>" + "<div><span a=1>x</span></div>" * 20_000 + "</body></html>"


@pytest.fixture(scope="module")
def large():
    return html.document_fromstring(PAGE)


@pytest.mark.parametrize(
    "expression",
    [
        "div ~ div",
        "//div/following-sibling::div",
        "//div[count(following::*) > count(preceding::*)]",
        "//*[count(//*[count(//*) > 3]) > 3]",
        "//div[. = //span]",
        "//*[translate(//body, 'abc', 'ABC') = .]",
        "div span, span, div",
        "//@a/../.. | //span",
    ],
)
def test_a_selector_ends_in_time(large, expression):
    begun = time.process_time()
    with suppress(TooSlowError):
        found_in(large, expression)
    assert time.process_time() - begun < _SLACK * ONCE


@pytest.mark.parametrize("expression", ["//a | //b", "//a | b", "a, b", "//a/@x < //b/@y", "count(//a/@x | //b/@y)"])
def test_what_joins_or_compares_two_paths_is_not_asked_of_a_page_for_which_it_has_no_time(expression):
    """80,000 nodes of 30,000 rows: a path alone may still pass over them."""
    rows = "".join(f"<a x={number}></a><b y={number}>c</b>" for number in range(16_000))
    page = html.document_fromstring(f"<html><body>{rows}</body></html>").find("body")
    begun = time.process_time()
    with pytest.raises(TooSlowError):
        found_in(page, expression)
    assert time.process_time() - begun < ONCE / 5
    assert len(found_in(page, "body > a")) == 16_000


@pytest.mark.parametrize("expression", ["//div[@class='x']", "span", "div > span", "//script[@id]", "//div[1]/span/@a"])
def test_one_pass_over_a_large_page_is_no_fault(large, expression):
    found_in(large, expression)
    assert STEP in steps_of(as_xpath(expression)).counted


SMALL = html.document_fromstring(
    "<html><body id=top><h1>a</h1><p>b<i>c</i></p><h1 class='k l'>d</h1><p x=1>e</p><p>a*b</p><ul><li>1<li>2<li>3</ul>"
)
STEPS = st.sampled_from(["p", "h1", "*", "li", "text()", "node()", "i", ".", "..", "@x", "@*"])
AXES = st.sampled_from(["", "child::", "descendant::", "following-sibling::", "preceding-sibling::", "ancestor::"])
PREDICATES = st.sampled_from(
    ["", "[1]", "[last()]", "[position() > 1]", "[@x]", "[.//i]", "[. = 'a*b']", "[not(@x) and * or p]", "[2 * 1 = 2]",
     "[contains(., 'a')]", "[count(*) div 1 > 0]", "[@class = 'k l'][1]", "[preceding::h1[1]]"]
)  # fmt: skip


def _path(parts):
    return "".join(
        slash + (step if step.startswith((".", "@")) else axis + step + predicate)
        for slash, axis, step, predicate in parts
    )


PATHS = st.lists(st.tuples(st.sampled_from(["/", "//"]), AXES, STEPS, PREDICATES), min_size=1, max_size=4).map(_path)


@settings(max_examples=200)
@given(
    PATHS,
    PATHS,
    st.sampled_from(["{0}", "{0} | {1}", "({0})[1]", "count({0}) * 2", "string({0})", "{0} = {1}", ".{0}"]),
)
def test_counting_the_steps_changes_no_find(one, other, shape):
    expression = shape.format(one, other)
    expected = etree.XPath(expression, smart_strings=False)(SMALL)
    counted = etree.XPath(
        steps_of(expression).counted,
        smart_strings=False,
        namespaces={"presswatch": "urn:x"},
        extensions={("urn:x", "step"): lambda context: True},
    )(SMALL)
    assert counted == expected or isnan(counted + expected)


@pytest.mark.parametrize(
    "expression",
    ["re:test(., 'a')", "//p[re:test(., '(a+)+$')]", "//p[re:match(., 'a')]", "re:replace(., 'a', '', 'b')"],
)
def test_a_selector_holds_no_regular_expression(expression):
    with pytest.raises(ValueError, match=r"not (an XPath expression|a CSS selector)"):
        check_selector(expression)


@pytest.mark.parametrize(
    ("check", "expression"),
    [
        pytest.param(check_selector, "//" + "(" * 5000 + "a" + ")" * 5000, id="xpath"),
        pytest.param(check_selector, ":not(" * 3000 + "a" + ")" * 3000, id="css"),
        pytest.param(check_jmespath, "[?" * 3000 + "a" + "]" * 3000, id="jmespath"),
    ],
)
def test_an_expression_in_too_many_brackets_is_refused(check, expression):
    with pytest.raises(ValueError, match="not a"):
        check(expression)


ROWS = {"data": [{"id": number, "text": "x" * 20, "s": [1, 2]} for number in range(50_000)]}


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("data" + " | [@, @] | []" * 30, id="twice-as-long-each-time"),
        pytest.param("to_string(@)" + " | join('', [@, @])" * 30, id="twice-as-much-text-each-time"),
        pytest.param("data[].[@, @, @][].[@, @, @][].[@, @, @][].[@, @, @][]", id="a-row-becomes-many"),
        pytest.param("data[].s[].to_string(@) | sort(@) | [@, @][] | [@, @][] | sort(@)"
                     + " | [@, @][] | sort(@)" * 9, id="sorted-again-and-again"),
    ],
)  # fmt: skip
def test_a_question_to_json_ends_in_time(expression):
    assert seconds_until_told(lambda: ask(expression, ROWS)) < _SLACK * ONCE


NESTED = " | ".join(["[@, @]"] * 24)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param(f"data | {NESTED} | to_string(@)", id="written-out"),
        pytest.param(f"[({NESTED}), ({NESTED})] | [0] == [1]", id="compared"),
        pytest.param(f"[[({NESTED})], ({NESTED})] | contains([0], [1])", id="looked-for"),
        pytest.param("join(to_string(@), data[].text)", id="joined-by-a-long-text"),
    ],
)  # fmt: skip
def test_what_is_held_many_times_in_the_room_of_once_is_not_passed_over_without_end(expression):
    assert seconds_until_told(lambda: ask(expression, ROWS)) < _SLACK * ONCE


@pytest.mark.parametrize(
    ("expression", "named", "most"),
    [
        ("data[].id", "_LARGEST_LIST", 49),
        ("to_string(@)", "_LARGEST_TEXT", 999),
        ("join('', data[].text)", "_LARGEST_TEXT", 999),
        ("data[].text == data[].text", "_LARGEST_TEXT", 999),
    ],
)
def test_more_than_an_answer_holds_is_not_taken(expression, named, most, monkeypatch):
    few = {"data": ROWS["data"][:50]}
    assert ask(expression, few) == jmespath.search(expression, few)
    monkeypatch.setattr(f"crawler.jmes.{named}", most)
    with pytest.raises(TooSlowError):
        ask(expression, few)


@pytest.mark.parametrize(
    "expression",
    [
        "data[].id",
        "data[?id > `5`].text",
        "sort_by(data, &id)[0].s[1]",
        "length(data)",
        "data[?s == [`1`, `2`]].id",
        "data[?contains([s], `[1, 2]`)].id",
        "to_string(data)",
        "join(', ', data[].text)",
        "data[?id < s]",
        "contains(data[].id, `7`)",
        "data[?s != text].id",
    ],
)
def test_an_ordinary_question_to_json_gets_the_ordinary_answer(expression):
    few = {"data": ROWS["data"][:50]}
    assert ask(expression, few) == jmespath.search(expression, few)
