"""Whether a command line that people are shown is one that presswatch knows."""

import re
import shlex
from collections.abc import Iterator, Sequence

import click

from crawler.cli import cli

_SPAN = re.compile(r"`+([^`]+)`+")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^(?: {4}|\t)(.+)$", re.MULTILINE)


def lines_in(page: str) -> Iterator[list[str]]:
    """What stands behind `presswatch` in each code span and code line of a Markdown page."""
    fenced = [line for _, text in _FENCE.findall(page) for line in text.splitlines()]
    rest = _FENCE.sub("", page)
    spans = [" ".join(text.split()) for text in _SPAN.findall(rest)]
    for line in (*fenced, *_INDENTED.findall(rest), *spans):
        words = _words(line)
        starts = [at for at, word in enumerate(words) if word == "presswatch" or word.endswith("/bin/presswatch")]
        if starts:
            yield words[starts[0] + 1 :]


def _words(line: str) -> list[str]:
    """The words of a shell line, without what marks them as optional."""
    try:
        return shlex.split(re.sub(r"[\[\]]", " ", line), comments=True)
    except ValueError:  # an apostrophe: not a command line
        return []


def fault_in(words: Sequence[str]) -> str:
    """A command, option or choice among `words` that click does not know, or ""."""
    command: click.Command = cli
    context, rest, path = click.Context(cli), list(words), []
    while isinstance(command, click.Group):
        try:
            _, rest, _ = command.make_parser(context).parse_args(rest)
        except click.UsageError as error:
            return error.format_message()
        if not rest:
            return ""
        path.append(rest[0])
        found = command.get_command(context, rest[0])
        if found is None:
            return f"no command {' '.join(path)}"
        command, rest, context = found, rest[1:], click.Context(found)
    return _fault_in_options(command, context, rest)


def _fault_in_options(command: click.Command, context: click.Context, rest: list[str]) -> str:
    try:
        given, _, _ = command.make_parser(context).parse_args(rest)
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and given.get(parameter.name):
                for choice in given[parameter.name].split("|"):
                    parameter.type.convert(choice, parameter, context)
    except click.UsageError as error:
        return f"{command.name}: {error.format_message()}"
    return ""
