"""The pictures of docs/images: the demo's digest as a phone, a desk and a dark room show it. `make screenshots`.

The demo lives on a virtual clock, so the digest is the same on every machine; the pictures are where Chromium and fonts
are.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from browser import DESKTOP, PHONE, shown, started

# name → how wide, how dark, how many pixels from the top; a file stays below 200 kB.
PICTURES = {
    "digest-phone": {"width": PHONE, "dark": False, "height": 1400},
    "digest-desktop": {"width": DESKTOP, "dark": False, "height": 960},
    "digest-dark": {"width": PHONE, "dark": True, "height": 1400},
}


def live(folder: Path) -> Path:
    """Live the demo in `folder`; its latest HTML digest."""
    command = [sys.executable, "-m", "crawler.cli", "demo", "--json", "--data", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    digest = folder / "data" / "digests" / "daily" / "latest.html"
    if not digest.exists():
        sys.exit(f"the demo left no {digest}")
    return digest


def take(digest: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with started() as running:
        for name, how in PICTURES.items():
            with shown(running, digest, width=how["width"], dark=how["dark"]) as page:
                tall = page.measure("() => document.documentElement.scrollHeight")
                clip = {"x": 0, "y": 0, "width": how["width"], "height": min(how["height"], tall)}
                picture = into / f"{name}.png"
                page.page.screenshot(path=picture, clip=clip, full_page=True, animations="disabled")
            print(f"{picture}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        take(live(Path(folder) / "demo"), Path(sys.argv[1]))
