"""One run that is served everything at once, beside sources that are well: its memory stays under the stated bound."""

import json
import os
import subprocess
import sys
import time

import pytest
from hostile import ANSWERS, answer, hostile_server
from hostile_pages import SHAPES
from rig import Rig, article_page, feed

#: What docs/guide-operator.md tells an operator to give: a run that is well, and for each host at once so many bodies.
BODIES_A_HOST = 8
MAX_BODY_MB = 10
HOSTS_AT_ONCE = 8
HEALTHY = ("one", "two", "three")
BAD_HOSTS = 8
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
RULES = {"listing": {"items": ["p"]}, "json": {"items": ["[]"], "link": ["url"]}}


@pytest.fixture(scope="module")
def hostile():
    with hostile_server() as server:
        server.routes |= {f"/a/{name.replace(' ', '-')}": answer(shape()) for name, shape in SHAPES.items()}
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
    names = [name.replace(" ", "-") for name in (*ANSWERS, *SHAPES)]
    for number in range(BAD_HOSTS):
        host = f"bad{number}.example"
        pages = [f"https://{host}/a/{name}" for name in names[number::BAD_HOSTS]]
        hostile.routes[f"{host}/feed"] = answer(feed(*pages).encode())
        rig.source(f"bad{number}", f"https://{host}/feed", politeness={"delay": "0s", "concurrency": 2})
    for name, (kind, path) in LISTS.items():
        rules = {"entries": RULES[kind]} if kind in RULES else {}
        rig.source(name, f"https://{name}.example/a/{path}", kind=kind, **rules)
    return rig


def crawl(rig):
    """The report of a run in a process of its own, its peak of memory in MB, and its seconds."""
    options = ["--config", rig.config, "--data", rig.data, "--route", rig.route, "--now", "2025-03-03T00:00:00Z"]
    command = [sys.executable, "-m", "crawler.cli", *map(str, options), "crawl", "--all", "--json"]
    began = time.monotonic()
    with (rig.folder / "out").open("wb") as out, (rig.folder / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    peak = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    text = (rig.folder / "out").read_text(encoding="utf-8")
    assert text, (rig.folder / "err").read_text(encoding="utf-8")
    return process.returncode, json.loads(text), peak, time.monotonic() - began


def test_the_memory_of_a_run_stays_under_its_bound_while_everything_is_served_at_once(tmp_path, hostile):
    code, _, base, _ = crawl(rig_with(tmp_path / "well", hostile, bad=False))
    assert code == 0
    rig = rig_with(tmp_path / "fire", hostile, bad=True)
    code, report, peak, seconds = crawl(rig)
    print(f"base {base:.0f} MB, peak {peak:.0f} MB, {seconds:.0f} s")
    assert code == 0
    assert peak < base + HOSTS_AT_ONCE * BODIES_A_HOST * MAX_BODY_MB
    books = {book["name"]: book for book in report["sources"]}
    assert [books[name]["kept"] for name in HEALTHY] == [3, 3, 3]
    assert all(books[name]["error"] for name in LISTS)
    told = rig.query("SELECT outcome, coalesce(nullif(reason, ''), last_error) FROM entry WHERE source LIKE 'bad%'")
    assert len(told) == len(ANSWERS) + len(SHAPES)
    assert all(outcome in {"kept", "copy", "off_theme"} or reason for outcome, reason in told)
    assert not [reason for _, reason in told if reason and "presswatch itself" in reason]
