"""Crawl a real copy of a WeChat mirror with the shipped source, and compare what comes out with what its list says.

    python tests/bench/real_mirror.py FOLDER

FOLDER holds the mirror's files (gzh/九边.md, gzh/backup/九边/…) and, below history/九边/, dated states of its list
page named YYYY-MM-DDTHHMM.md in Beijing time. Nothing but loopback is asked.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from crawler.config.places import shipped_config

ZONE = ZoneInfo("Asia/Shanghai")
LIST = "/gzh/九边.md"


class Mirror(SimpleHTTPRequestHandler):
    """A static server whose list page can be another file."""

    listing: Path | None = None
    asked: ClassVar[list[str]] = []

    def translate_path(self, path):
        asked = unquote(path.split("?")[0])
        type(self).asked.append(asked)
        if asked == LIST and self.listing is not None:
            return str(self.listing)
        return super().translate_path(path)

    def log_message(self, *arguments):
        pass


class Bench:
    def __init__(self, folder: Path, work: Path) -> None:
        self.work = work
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Mirror, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, max_age: str) -> Path:
        """The shipped configuration, with another limit of age."""
        folder = self.work / f"config-{max_age}"
        for file in shipped_config().rglob("*.yaml"):
            target = folder / file.relative_to(shipped_config())
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8")
            if file.parent.name == "sources":
                text = re.sub(r"max_age: \S+", f"max_age: {max_age}", text) if max_age != "shipped" else text
            target.write_text(text, encoding="utf-8")
        return folder

    def crawl(self, data: str, now: datetime, max_age: str, *flags: str) -> dict[str, int]:
        Mirror.asked.clear()
        route = f"http://127.0.0.1:{self.server.server_port}"
        options = [
            "--config",
            self.config(max_age),
            "--data",
            self.work / data,
            "--route",
            route,
            "--now",
            now.isoformat(),
        ]
        command = [sys.executable, "-m", "crawler.cli", *map(str, options), "crawl", "--json", *flags]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)["totals"]


def row(name: str, totals: dict[str, int]) -> None:
    shown = ("found", "known", "kept", "copy", "off_theme", "stale", "no_text", "carried_out", "requests")
    counts = [totals[column] for column in shown]
    pages = sum(path.startswith("/gzh/backup/") for path in Mirror.asked)
    print(f"| {name} | " + " | ".join(map(str, counts)) + f" | {pages} |")


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as work:
        bench, now = Bench(folder, Path(work)), datetime(2025, 3, 1, 8, tzinfo=ZONE)
        print("| crawl | found | known | kept | copy | off_theme | stale | no_text | left | requests | pages |")
        print("|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        row("10 years", bench.crawl("whole", now, "3650d"))
        row("again, --all", bench.crawl("whole", now.replace(hour=9), "3650d", "--all"))
        row("shipped max_age", bench.crawl("shipped", now, "shipped"))
        row("today", bench.crawl("today", datetime.now(ZONE), "shipped"))
        for state in sorted((folder / "history" / "九边").glob("*.md")):
            then = datetime.strptime(state.stem, "%Y-%m-%dT%H%M").replace(tzinfo=ZONE)
            # Its own time of change, so that If-Modified-Since is answered as the real host would.
            Mirror.listing = Path(shutil.copy(state, Path(work) / "list.md"))
            os.utime(Mirror.listing, (then.timestamp(), then.timestamp()))
            row(state.stem, bench.crawl("history", then, "3650d"))
        bench.server.shutdown()


if __name__ == "__main__":
    main()
