"""One run that is served everything at once, beside sources that are well: its memory stays under the stated bound."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile import ANSWERS, answer, hostile_server
from hostile_pages import SHAPES, WITHIN
from rig import Rig, article_page, feed

from crawler.config.models import Settings

PAGES = SHAPES | {"bold words": WITHIN["bold words"]}

#: What docs/guide-operator.md tells an operator to give: a run that is well, and for each host at once so many bodies.
BASE_MB = 150
BODIES_A_HOST = 8
MAX_BODY_MB = 10
HOSTS_AT_ONCE = 8
HEALTHY = ("one", "two", "three")
BAD_LISTS = 8
LISTS = {  # source → what it polls: kind, and the answer's name
    "endless": ("feed", "endless-body"),
    "dripping": ("sitemap", "slow-body"),
    "bomb": ("feed", "br-bomb"),
    "headers": ("json", "many-headers"),
    "circle": ("listing", "redirect-to-itself"),
    "tags": ("listing", "paragraphs"),
    "depth": ("json", "nested-json"),
    "elements": ("sitemap", "elements"),
}
# Two at a host: three that fail in a row would end its visit.
BAD_PAGES = [
    f"https://pages{number // 2}.example/a/{name.replace(' ', '-')}" for number, name in enumerate((*ANSWERS, *PAGES))
]
RULES = {"listing": {"items": ["p"]}, "json": {"items": ["[]"], "link": ["url"]}}


@pytest.fixture(scope="module")
def hostile():
    with hostile_server() as server:
        server.routes |= {f"/a/{name.replace(' ', '-')}": answer(shape()) for name, shape in PAGES.items()}
        server.routes["/a/nested-json"] = answer(b"[" * 5_000_000, b"Content-Type: application/json")
        server.routes["/a/elements"] = answer(b"<urlset>" + b"<x/>" * 2_000_000)
        for name in HEALTHY:
            pages = [f"https://{name}.example/good/{number}" for number in range(3)]
            server.routes[f"{name}.example/feed"] = answer(feed(*pages).encode())
            for number in range(3):
                text = f"{name}的第{number}台机器人走进了工厂，工程师记录它的动作。" * 12
                page = article_page(f"机器人{name}{number}", text)
                server.routes[f"{name}.example/good/{number}"] = answer(page.encode())
        yield server


def rig_with(folder, hostile, *, bad):
    rig = Rig(folder, route=hostile.url)
    safety = {"timeout": "2s", "max_body_mb": MAX_BODY_MB}
    rig.write("presswatch.yaml", {"safety": safety, "hosts_at_once": HOSTS_AT_ONCE, "min_free_mb": 0})
    for name in HEALTHY:
        rig.source(name, f"https://{name}.example/feed")
    if not bad:
        return rig
    for number in range(BAD_LISTS):
        host = f"bad{number}.example"
        hostile.routes[f"{host}/feed"] = answer(feed(*BAD_PAGES[number::BAD_LISTS]).encode())
        rig.source(f"bad{number}", f"https://{host}/feed", politeness={"delay": "0s", "concurrency": 2})
    for name, (kind, path) in LISTS.items():
        rules = {"entries": RULES[kind]} if kind in RULES else {}
        rig.source(name, f"https://{name}.example/a/{path}", kind=kind, **rules)
    return rig


# Linux tells the peak of the process alone; what a parent is told of its child counts the parent's own pages too.
MEASURED = """
import atexit, pathlib, runpy, sys
peak = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: peak.write_text(pathlib.Path("/proc/self/status").read_text()))
runpy.run_module("crawler.cli", run_name="__main__")
"""


def crawl(rig):
    """The exit code and report of a run in a process of its own, its peak of memory in MB, and its seconds."""
    told = rig.folder / "status"
    options = ["--config", rig.config, "--data", rig.data, "--route", rig.route, "--now", "2025-03-03T00:00:00Z"]
    command = [sys.executable, "-c", MEASURED, *map(str, (told, *options)), "crawl", "--all", "--json"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    assert done.stdout, done.stderr
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", told.read_text())
    return done.returncode, json.loads(done.stdout), int(peak) / 1024, seconds


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_the_memory_of_a_run_stays_under_its_bound_while_everything_is_served_at_once(tmp_path, hostile):
    code, _, base, _ = crawl(rig_with(tmp_path / "well", hostile, bad=False))
    assert code == 0
    rig = rig_with(tmp_path / "fire", hostile, bad=True)
    code, report, peak, seconds = crawl(rig)
    print(f"base {base:.0f} MB, peak {peak:.0f} MB, {seconds:.0f} s")
    assert code == 0
    assert base < BASE_MB * 1.2  # other versions of Python and its libraries differ a little
    assert peak < base + HOSTS_AT_ONCE * BODIES_A_HOST * MAX_BODY_MB
    books = {book["name"]: book for book in report["sources"]}
    assert [books[name]["kept"] for name in HEALTHY] == [3, 3, 3]
    assert all(books[name]["error"] for name in LISTS)
    told = rig.query("SELECT outcome, coalesce(nullif(reason, ''), last_error) FROM entry WHERE source LIKE 'bad%'")
    assert len(told) == len(BAD_PAGES)
    assert {page.removeprefix("https://") for page in BAD_PAGES} <= set(hostile.hits)
    assert all(outcome in {"kept", "copy", "off_theme"} or reason for outcome, reason in told)
    assert not [reason for _, reason in told if reason and "presswatch itself" in reason]


def test_what_is_shipped_allows_the_bound():
    settings = Settings()
    need = BASE_MB + settings.hosts_at_once * BODIES_A_HOST * settings.safety.max_body_mb
    folder = Path(__file__).parent.parent / "deploy"
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix in {".yaml", ".service"}]
    limit = re.compile(r"(?:MemoryMax=|MemoryHigh=|limits: \{.*?memory: |mem_limit: (?=\d+g))(\d+)G", re.IGNORECASE)
    allowed = [int(found) * 1024 for text in texts for found in limit.findall(text)]
    assert len(allowed) >= 6
    assert min(allowed) > need
