"""Kubernetes: the manifests by the API's own schemas, and of one mind with cron, systemd and the image."""

import shlex
from pathlib import Path

import pytest
import yaml
from deployment import (
    BACKUPS,
    CHECKOUT,
    IMAGE,
    MANIFESTS,
    PLACES,
    PROGRAM,
    UID,
    blocks,
    check_manifests,
    labels_of,
    pod_of,
    read,
    unit_values,
)

from crawler.config.load import load_config

PODS = MANIFESTS[1:]
WORKERS = MANIFESTS[1:3]


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
def test_a_pod_is_no_root_and_writes_to_its_disks_alone(manifest):
    pod = pod_of(manifest)
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {UID}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    written = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert {PLACES[3], "/tmp"} <= written <= {PLACES[3], BACKUPS, "/tmp"}
    assert container["image"] == IMAGE


@pytest.mark.parametrize("manifest", WORKERS)
def test_a_pod_is_given_both_folders(manifest):
    [container] = pod_of(manifest)["containers"]
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
    cronjob, daemon = (yaml.safe_load(read(name))["spec"] for name in WORKERS)
    assert cronjob["concurrencyPolicy"] == "Forbid"
    assert (daemon["replicas"], daemon["strategy"]) == (1, {"type": "Recreate"})


def test_the_cronjob_runs_what_cron_runs():
    line = next(line for line in read("crontab.example").splitlines() if line.startswith("*/20"))
    cronjob = yaml.safe_load(read("kubernetes-cronjob.yaml"))
    assert cronjob["spec"]["schedule"] == " ".join(line.split()[:5])
    assert pod_of("kubernetes-cronjob.yaml")["containers"][0]["args"] == shlex.split(line)[6:]


def test_kubernetes_and_compose_are_backed_up_as_cron_does_it():
    """One command that is a shell's: the pod for upkeep is made of it by another command."""
    line = next(line for line in read("crontab.example").splitlines() if line.startswith("30 "))
    times, backup = line.split()[:5], " ".join(line.split()[5:]).replace(f"{PROGRAM} ", "presswatch ")
    [container] = pod_of("kubernetes-backup.yaml")["containers"]
    assert "args" not in container
    assert container["command"] == ["sh", "-c", backup.replace(r"\%", "%")]
    assert yaml.safe_load(read("kubernetes-backup.yaml"))["spec"]["schedule"] == " ".join(times)
    [compose] = [line for line in blocks(read("RUNBOOK.md")) if line.startswith("30 ")]
    assert compose.split()[:5] == times
    assert shlex.split(compose)[-1] == backup.replace(f"{shlex.join(PLACES)} ", "")


def test_a_pod_can_be_where_the_disks_are():
    """A disk can be had on one node at a time. A rule that fits no pod yet holds back none that it fits itself."""
    rules = [pod_of(manifest)["affinity"]["podAffinity"] for manifest in PODS]
    assert rules == rules[:1] * len(PODS)
    [term] = rules[0]["requiredDuringSchedulingIgnoredDuringExecution"]
    [fitting] = term["labelSelector"]["matchExpressions"]
    labels = {labels_of(manifest)[fitting["key"]] for manifest in PODS}
    assert labels == {*fitting["values"]}
    deployment = yaml.safe_load(read("kubernetes-daemon.yaml"))["spec"]["selector"]["matchLabels"]
    assert not deployment.items() <= labels_of("kubernetes-backup.yaml").items(), "kubectl exec would meet it"


def test_all_wait_equally_long_for_the_page_under_way():
    [stop] = unit_values(read("presswatch.service"), "TimeoutStopSec")
    assert stop == "2min"
    compose = yaml.safe_load(read("compose.yaml"))
    assert compose["services"]["crawler"]["stop_grace_period"] == "2m"
    assert {pod_of(manifest)["terminationGracePeriodSeconds"] for manifest in WORKERS} == {120}


def test_all_ask_the_daemon_alike_whether_it_is_alive():
    [container] = pod_of("kubernetes-daemon.yaml")["containers"]
    probes = {tuple(container[name]["exec"]["command"]) for name in ("startupProbe", "livenessProbe")}
    assert probes == {("presswatch", *PLACES, "schedule", "--check")}
    assert '["presswatch", "schedule", "--check"]' in read("Dockerfile")


def test_a_start_may_take_equally_long_everywhere():
    """It may bring the database to a new schema first."""
    assert unit_values(read("presswatch.service"), "TimeoutStartSec") == ["15min"]
    assert "--start-period=15m " in read("Dockerfile")
    [container] = pod_of("kubernetes-daemon.yaml")["containers"]
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] == 15 * 60


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
