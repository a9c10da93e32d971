"""Our own patterns that meet text from outside × texts made to keep them busy: none needs time by the square."""

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
import time

import pytest

import crawler
import pipelines
from crawler.config import sites as site_kinds
from crawler.config.models import Kind
from pipelines.extract import boilerplate, failures
from pipelines.extract.sites import rules

_LENGTH = 10_000
_TIMES_LINEAR = 40  # by the square it would be thousands
_NOISE = 0.2  # seconds a busy machine may add
_SIGNS = 6  # of a pattern, that are set beside one another
# What meets only what a person wrote, the file system or what presswatch itself wrote.
_INSIDE = (
    "crawler.backup", "crawler.cli", "crawler.config", "crawler.crontab", "crawler.doctor", "crawler.first_sight",
    "crawler.lock", "crawler.migrations", "crawler.newsroom", "crawler.patterns", "crawler.shared",
    "pipelines.archive.explain", "pipelines.archive.lookup", "pipelines.digest.books", "pipelines.digest.causes",
    "pipelines.export.tree", "pipelines.health", "pipelines.search.query",
)  # fmt: skip
_ANCHORED = ("match", "fullmatch")


def _modules():
    for package in (crawler, pipelines):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(_INSIDE) and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _uses(module):
    """Name of a pattern → the methods it is used by in its module."""
    used = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    return used


def _own():
    for module in _modules():
        used = _uses(module)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and name in used:
                way = next(iter(used[name])) if len(used[name]) == 1 and used[name] <= {*_ANCHORED} else "search"
                yield pytest.param(value, way, id=f"{module.__name__}.{name}")


def _of_data():
    known = [site for kind in Kind if (site := site_kinds.site_of(kind))]
    written = {
        **{f"failure {number}": one.words for number, one in enumerate(failures.failures())},
        **{f"failure at {number}": one.url for number, one in enumerate(failures.failures())},
        **{f"site {one.name}": one.url for one in rules.sites()},
        **{f"data of {one.name}": one.data.after for one in rules.sites() if one.data},
        **{f"boilerplate {number}": one.words.pattern for number, one in enumerate(boilerplate.phrases())},
        **{f"articles {number}": one.articles.url for number, one in enumerate(known)},
        **{f"gone {number}": one.articles.gone_at for number, one in enumerate(known)},
    }
    for name, one in written.items():
        if one:
            yield pytest.param(re.compile(one), "search", id=name)


def _signs(pattern):
    """What a pattern is about: signs that stand in it, and one for each class."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    classes = [sign for name, sign in ((r"\s", " "), (r"\n", "\n"), (r"\d", "1"), (r"\w", "a")) if name in text]
    literal = re.sub(r"\\[a-zA-Z]|\(\?[:=!<]*|\{\d+(,\d*)?\}|[()|?+^$]", "", text).replace("\\", "")
    return list(dict.fromkeys([*classes, *literal, " ", "a"]))


def _baits(pattern):
    signs = _signs(pattern)
    yield from (sign * _LENGTH for sign in signs[:20])
    for one, other in itertools.permutations(signs[:_SIGNS], 2):
        yield (one + other) * (_LENGTH // 2)
        yield one + other * _LENGTH


def _seconds(pattern, way, bait):
    text = bait.encode() if isinstance(pattern.pattern, bytes) else bait
    begun = time.process_time()
    if way in _ANCHORED:
        getattr(pattern, way)(text)
    else:
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - begun


@pytest.fixture(scope="module")
def linear():
    """Seconds of a pattern that finds something at every place."""
    return max(_seconds(re.compile("[a-z]|[0-9]"), "search", "a" * _LENGTH) for _ in range(5))


@pytest.mark.parametrize(("pattern", "way"), [*_own(), *_of_data()])
def test_no_text_keeps_a_pattern_busy(pattern, way, linear):
    for bait in _baits(pattern):
        assert _seconds(pattern, way, bait) < max(_TIMES_LINEAR * linear, _NOISE), f"{bait[:3]!r} … {bait[-3:]!r}"
