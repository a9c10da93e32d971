"""Article text that Hugo would take for instructions, written so that Hugo shows it as it stands. Pure.

Raw HTML needs nothing: Hugo leaves it out unless a site switches `markup.goldmark.renderer.unsafe` on.
"""

import re

from markdown_it import MarkdownIt

# A heading's last braces give it attributes, a style among them: https://gohugo.io/content-management/markdown-attributes/
_ENDS_IN_BRACE = re.compile(r"\}[\s#]*$")
_OPENING = re.compile(r"\{\{(?P<sign>[<%])")
_CLOSINGS = {"<": ">}}", "%": "%}}"}
_LINE_END = re.compile(r"\r\n?|\n")  # as the parser counts lines


def literal(markdown: str) -> str:
    """The Markdown without shortcodes and without attributes; what looked like them is shown."""
    if "{" not in markdown:
        return markdown
    return _without_shortcodes(_without_attributes(markdown))


def _without_attributes(markdown: str) -> str:
    lines = _LINE_END.split(markdown)
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.map is None:
            continue
        first, end = token.map
        if token.type == "fence":
            lines[first] = lines[first].partition("{")[0].rstrip()
        elif token.type == "heading_open":
            for number in range(first, end):
                if _ENDS_IN_BRACE.search(lines[number]):
                    lines[number] = lines[number].replace("{", "\\{")
    return "\n".join(lines)


def _without_shortcodes(markdown: str) -> str:
    """`{{< x >}}` as `{{</* x */>}}`, and with % in the same way, as Hugo documents it.

    Hugo has no form for an opening that nothing closes: a backslash parts its braces. Inside code it is seen.
    """
    done: list[str] = []
    position = 0
    closed_at = {"<": 0, "%": 0}  # the next closing of each kind, -1 for none: no text is searched twice
    while found := _OPENING.search(markdown, position):
        sign, inner = found["sign"], found.end()
        if 0 <= closed_at[sign] < inner:
            closed_at[sign] = markdown.find(_CLOSINGS[sign], inner)
        done.append(markdown[position : found.start()])
        position = closed_at[sign]
        if position < 0:
            done.append("{\\{" + sign)
            position = inner
        else:
            done.append("{{" + sign + "/*" + markdown[inner:position] + "*/")
    return "".join(done) + markdown[position:]
