"""`make fuzz`: the targets under fire for as long as they are given; coverage-guided where atheris is installed.

Each target runs in a process of its own, which a hang in a C library or too much memory may end. A crash is written as
a file, as small as it gets, with a text beside it that says what to do; the exit code is 1 then.
"""

import argparse
import gc
import importlib.util
import logging
import os
import random
import re
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType

from fuzz.crashes import CrashBook
from fuzz.mutations import LARGEST, TOKENS
from fuzz.targets import TARGETS
from fuzz.watch import CASE_SECONDS

MEMORY = 4 * 1024**3  # bytes of address space a target's process may have; libFuzzer has a limit of its own
RESIDENT_MB = 2048
START = 6.0  # seconds until a target's process fires, for imports and what counts coverage; 5 to 6 on two slow cores
LEAST = 10.0  # seconds; of less nothing is learned
LATE = 120  # seconds a target's process may take longer than it was given
_GUIDED_BY = ("crawler.", "pipelines.", "feedparser.", "protego", "markdown_it.", "warcio.", "charset_normalizer.")
ROUND = 200  # cases; then the clock is looked at
_COVERAGE = re.compile(r"#(?P<cases>\d+)\s+(?P<what>\w+)\s+cov: (?P<cov>\d+)")


def main() -> int:
    options = _options()
    if options.one:
        return _one(options.one, options.seconds, options.crashes)
    names = [options.target] if options.target else some_of(list(TARGETS), options.minutes * 60)
    each = max(LEAST, options.minutes * 60 / len(names) - START)
    engine = "atheris" if _has_atheris() else "hypothesis (atheris is not installed: nothing guides it)"
    whole = f"about {len(names) * (each + START) / 60:.0f} min in all"
    print(f"{len(names)} of {len(TARGETS)} targets, {each:.0f} s each, {whole}, with {engine}", flush=True)
    bad = [name for name in names if not _child(name, each, options.crashes)]
    for text in sorted(options.crashes.glob("*.txt")):
        print(f"\n{text.read_text(encoding='utf-8')}", end="")
    print(f"\n{len(bad)} of {len(names)} targets broke{': ' + ', '.join(bad) if bad else ''}")
    return bool(bad)


def some_of(names: list[str], length: float) -> list[str]:
    """All of them, or by chance as many as can begin in `length` seconds and have time left for what they are for."""
    most = max(1, int(length / (START + LEAST)))
    return names if most >= len(names) else sorted(random.sample(names, most))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="for all targets together")
    parser.add_argument("--target", choices=[*TARGETS, ""], default="")
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"))
    parser.add_argument("--one", choices=list(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60, help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(name: str, length: float, crashes: Path) -> bool:
    """Whether a target went through its time without a crash."""
    before = set(crashes.glob(f"{name}-*"))
    command = [sys.executable, "-m", "fuzz.long", "--one", name, "--seconds", str(length), "--crashes", str(crashes)]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", timeout=length + LATE
        )
        code, said = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        code, said = -1, f"{_text(error.stdout)}{_text(error.stderr)}\nno end after {length + LATE:.0f} s: it hangs"
    new = len({path for path in set(crashes.glob(f"{name}-*")) - before if path.suffix != ".txt"})
    print(f"{name:14} {time.monotonic() - began:5.0f} s  {_growth(said):44} {new} crashes", flush=True)
    if code and not new:
        print(said[-3000:])
    return not code and not new


def _text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


def _growth(said: str) -> str:
    """Cases, and how many places of the code were reached by the corpus and at the end."""
    counted = re.findall(r"^(\d+) cases$", said, re.MULTILINE)
    found = list(_COVERAGE.finditer(said))
    if not found:
        return f"{counted[-1] if counted else 0} cases"
    first = next((match for match in found if match["what"] == "INITED"), found[0])
    return f"{found[-1]['cases']} cases, coverage {first['cov']} → {found[-1]['cov']}"


def _one(name: str, length: float, crashes: Path) -> int:
    warnings.simplefilter("error")
    logging.disable(logging.CRITICAL)
    book = CrashBook(TARGETS[name], crashes)
    (_guided if _has_atheris() else _unguided)(name, length, book.try_with)
    return 0


def _has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def _guided(name: str, length: float, fire: Callable[[bytes], None]) -> None:
    import atheris  # noqa: PLC0415 - it is not everywhere

    for function in gc.get_objects():
        if isinstance(function, FunctionType) and str(function.__module__).startswith(_GUIDED_BY):
            atheris.instrument_func(function)
    with TemporaryDirectory() as place:
        seeds, found, words = Path(place, "seeds"), Path(place, "found"), Path(place, "words")
        seeds.mkdir()
        found.mkdir()
        for number, data in enumerate(TARGETS[name].corpus):
            (seeds / str(number)).write_bytes(data)
        words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS if len(token) < 60), encoding="ascii")
        limits = [f"-max_total_time={length:.0f}", f"-timeout={3 * CASE_SECONDS:.0f}", f"-rss_limit_mb={RESIDENT_MB}"]
        places = [f"-dict={words}", f"-artifact_prefix={found}/", f"-max_len={LARGEST // 10}", str(found), str(seeds)]
        atheris.Setup([sys.argv[0], *limits, *places], fire)
        atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def _unguided(name: str, length: float, fire: Callable[[bytes], None]) -> None:
    from hypothesis import HealthCheck, given, seed, settings  # noqa: PLC0415 - atheris is instrumented without it

    from fuzz.grammar import bodies  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    fires = settings(max_examples=ROUND, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    end, cases = time.monotonic() + length, 0
    while time.monotonic() < end:
        seed(random.SystemRandom().getrandbits(64))(fires(given(bodies(TARGETS[name]))(fire)))()
        cases += ROUND
        print(f"{cases} cases", flush=True)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
