"""The wheel carries everything: installed elsewhere, outside the checkout, it lives the demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent


def test_the_installed_wheel_runs_the_demo_outside_the_checkout(tmp_path):
    wheels, installed, elsewhere = tmp_path / "wheels", tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(["hatchling", "build", "--target", "wheel", "--directory", str(wheels)], CHECKOUT)
    [wheel] = wheels.glob("presswatch-*.whl")
    run(["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(installed), str(wheel)], elsewhere)
    script = "import crawler; from crawler.cli import main; assert 'installed' in crawler.__file__; main()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    lived = subprocess.run(
        [sys.executable, "-c", script, "demo", "--json", "--data", str(tmp_path / "demo")],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(lived.stdout)
    assert (document["balanced"], document["errors"]) == (True, [])
    assert document["counted"]["found"] == document["announced"] > 0
    assert document["counted"]["copy"] > 0
    assert Path(document["digest"]).read_text(encoding="utf-8").startswith("# ")


def run(module_and_arguments, folder):
    subprocess.run([sys.executable, "-m", *module_and_arguments], cwd=folder, check=True, capture_output=True)
