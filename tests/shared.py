"""The folder of material that lies beside a checkout and is no part of it; tests that need it are skipped without."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("PRESSWATCH_SHARED") or Path(__file__).parent.parent.parent / "shared")


def needs_shared(*parts: str) -> pytest.MarkDecorator:
    """Skip the test where `parts` do not lie in the folder."""
    place = SHARED.joinpath(*parts)
    return pytest.mark.skipif(not place.exists(), reason=f"{place} is not there; PRESSWATCH_SHARED names the folder")
