"""The fingerprint of a text: equal for texts that differ only in spacing, punctuation, width, case or script."""

import hashlib

from pipelines.text import comparable

#: Comparable characters below which a text says too little to be an article's fingerprint without its title.
SHORT_TEXT = 80


def text_hash(text: str, title: str = "") -> str:
    """SHA-256 of the comparable text, in hex. Under 80 comparable characters the title counts too.

    Flashes and failure notes of one site share their few words; equal titles make them one article, equal texts
    alone do not.
    """
    body = comparable(text)
    if len(body) < SHORT_TEXT:
        body = f"{comparable(title)}\n{body}"
    return hashlib.sha256(body.encode()).hexdigest()
