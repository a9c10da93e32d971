"""Commands lived one after the other in one process that is watched: what it opens, starts and says.

As a program: `python whole_life.py FOLDER`, whose life.json names the commands. Beside it appear
    events.json  each socket, name that was looked up and process started, as the interpreter's audit hooks tell it
    raw.log      every log record at DEBUG, as it was before the command line's own handler wrote it
    codes.json   the exit codes
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_WATCHED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.exec")
_HEARTBEAT_PATIENCE = 60.0  # seconds


def live(folder: Path, commands, *, environ, umask=0o000):
    """Live the commands; returns the process's stdout and stderr."""
    (folder / "life.json").write_text(json.dumps(commands), encoding="utf-8")
    return subprocess.run(
        [sys.executable, __file__, str(folder)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
        umask=umask,
        cwd=folder,
    )


def found(folder: Path, name: str):
    return json.loads((folder / name).read_text(encoding="utf-8"))


class _Watch:
    def __init__(self) -> None:
        self.events: list[list[str]] = []

    def __call__(self, event: str, arguments: tuple) -> None:
        if event in _WATCHED:
            self.events.append([event, *map(str, arguments)])


def _log_everything(place: Path) -> None:
    handler = logging.FileHandler(place, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    set_level = logging.Logger.setLevel
    logging.Logger.setLevel = lambda logger, level: set_level(logger, logging.DEBUG)


def _end_the_daemon(data: Path) -> None:
    """SIGTERM once it has ticked and waits."""
    from crawler.schedule.heartbeat import read_beat  # noqa: PLC0415  # the watch comes before every import

    until = time.monotonic() + _HEARTBEAT_PATIENCE
    while time.monotonic() < until:
        beat = read_beat(data)
        if beat is not None and beat.doing == "idle":
            break
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


def _call(main, words) -> int:
    sys.argv = ["presswatch", *words]
    if words[-1] == "schedule":
        data = Path(words[words.index("--data") + 1])
        threading.Thread(target=_end_the_daemon, args=(data,), daemon=True).start()
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def _main(folder: Path) -> None:
    watch = _Watch()
    sys.addaudithook(watch)
    from crawler.cli import main  # noqa: PLC0415  # what happens at import is watched too

    _log_everything(folder / "raw.log")
    codes = [_call(main, words) for words in json.loads((folder / "life.json").read_text(encoding="utf-8"))]
    (folder / "codes.json").write_text(json.dumps(codes), encoding="utf-8")
    (folder / "events.json").write_text(json.dumps(watch.events), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
