"""What reads files: captures, seeds, the configuration."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pages import SEEN

from crawler.captures.members import Member, NotByRecordError, parts_of
from crawler.captures.reading import BrokenFileError, StoredResponse, Unreadable, stream_responses
from crawler.config.check import check_document
from crawler.config.load import ThemesFile
from crawler.config.models import Settings, Source
from crawler.config.report import Fault
from crawler.config.secrets import Secrets
from crawler.config.yaml_lines import read_document
from fuzz.laws import check_datings, check_line, check_message, check_text
from fuzz.target import Target
from pipelines.seeds.read import read_seed
from pipelines.seeds.seed import Seed, SeedError

MAX_BODY = 1_000_000


def _in_a_file(read: Callable[[Path], Iterator[Any]]) -> Callable[[bytes], list[Any]]:
    def reading(data: bytes) -> list[Any]:
        with tempfile.NamedTemporaryFile(suffix=".warc") as file:
            file.write(data)
            file.flush()
            return list(read(Path(file.name)))

    return reading


def _members_laws(parts: list[Any], data: bytes) -> None:
    """Every byte of the file is in one part, and in one alone."""
    ends = [0, *(part.end for part in parts)]
    assert [part.offset for part in parts] == ends[:-1]
    assert ends[-1] == len(data)
    assert all(part.content.startswith(b"WARC/") for part in parts if isinstance(part, Member))


def _responses_laws(found: list[StoredResponse | Unreadable], _: bytes) -> None:
    for response in found:
        if isinstance(response, Unreadable):
            check_message(response.why)
            continue
        assert response.at.astimezone(SEEN.tzinfo) == response.at
        assert len(response.body) <= MAX_BODY + 64 * 1024


def _seed_laws(seed: Seed, _: bytes) -> None:
    check_line(seed.title)
    check_text(seed.text)
    check_text(seed.markdown)
    check_datings((seed.published,))


def _config(data: bytes) -> list[Fault]:
    faults = []
    for model in (Source, Settings, ThemesFile):
        document = read_document("sources/a.yaml", data, Secrets({"TOKEN": "t"}))
        check_document(document, model)
        faults.extend(document.faults)
    return faults


def _config_laws(faults: list[Fault], _: bytes) -> None:
    for fault in faults:
        check_text(str(fault))
        assert fault.line >= 0


FILES = (
    Target(
        name="members", read=_in_a_file(parts_of), laws=_members_laws, declared=(NotByRecordError,), more=("captures",)
    ),
    Target(
        name="responses",
        read=_in_a_file(lambda path: stream_responses(path, MAX_BODY)),
        laws=_responses_laws,
        declared=(BrokenFileError,),
        more=("captures",),
    ),
    Target(
        name="seed",
        read=lambda data: read_seed(data, "a.md", "Asia/Shanghai"),
        laws=_seed_laws,
        declared=(SeedError,),
        more=("seeds",),
    ),
    Target(name="config", read=_config, laws=_config_laws),
)
