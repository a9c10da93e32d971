"""The publisher's word that a response must not be kept, where it stands in the headers."""

from collections.abc import Iterable


def forbids_archiving(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether an X-Robots-Tag says noarchive; one that is meant for another crawler counts too."""
    return any(name.lower() == "x-robots-tag" and "noarchive" in value.lower() for name, value in headers)
