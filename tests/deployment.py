"""The files of deploy/, and the checkers that read them. A check returns what it found wrong; nothing: all is well."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import kubernetes_validate
import yaml

CHECKOUT = Path(__file__).parent.parent
DEPLOY = CHECKOUT / "deploy"
PROGRAM = "/opt/presswatch/.venv/bin/presswatch"
PLACES = ["--config", "/etc/presswatch", "--data", "/var/lib/presswatch"]
BACKUPS = "/var/backups/presswatch"
SERVICES = ("presswatch", "presswatch-crawl", "presswatch-backup")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
IMAGE = f"presswatch:{PROJECT['project']['version']}"
UID = 10001  # in containers; any number will do, as long as it is the same one everywhere
MANIFESTS = ("kubernetes.yaml", "kubernetes-cronjob.yaml", "kubernetes-daemon.yaml", "kubernetes-backup.yaml")


def read(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def blocks(text):
    """The lines of a page that are to be typed."""
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def section(text, heading):
    """What stands under a heading, up to the next one."""
    return text.partition(f"# {heading}\n")[2].partition("\n#")[0]


def crontab_lines(text):
    """(the five fields, the command as the shell gets it) of each job, and the settings before them."""
    jobs, settings = [], {}
    for line in (line for line in text.splitlines() if line.strip() and not line.startswith("#")):
        if "=" in line.split()[0]:
            name, _, value = line.partition("=")
            settings[name] = value
        else:
            *fields, command = line.split(None, 5)
            jobs.append((" ".join(fields), command.replace(r"\%", "%")))
    return jobs, settings


def unit_values(text, key):
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def verify_units(units, folder):
    """What systemd-analyze says of units, by name; that presswatch is not installed here is none of their faults.

    It also reads the units of this machine that ours name; what is wrong with those is left out.
    """
    for name, text in units.items():
        (folder / name).write_text(text.replace(PROGRAM, "/bin/true"), encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in units)]
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    return [line for line in (done.stdout + done.stderr).splitlines() if "presswatch" in line]


def exposure(text, folder):
    """How much of the machine a service could reach, from 0 to 10, by systemd's own scale."""
    unit = folder / "measured.service"
    unit.write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told.rpartition(": ")[2].split()[0])


def check_compose(text, folder):
    file = folder / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def check_dockerfile(text):
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    done = subprocess.run([hadolint, "--format", "json", "-"], check=False, input=text, capture_output=True, text=True)
    return [f"{fault['line']}: {fault['code']} {fault['message']}" for fault in json.loads(done.stdout)]


def check_manifests(text):
    """The faults of each document by the schemas of Kubernetes, unknown keys included."""
    faults = []
    for document in yaml.safe_load_all(text):
        try:
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        except kubernetes_validate.ValidationError as error:
            faults.append(f"{document['kind']}: {error.message}")
    return faults


def pod_of(manifest):
    """The pod that a CronJob or a Deployment makes."""
    return _template_of(manifest)["spec"]


def labels_of(manifest):
    """Of the pod."""
    return _template_of(manifest)["metadata"]["labels"]


def _template_of(manifest):
    document = yaml.safe_load(read(manifest))
    holder = document["spec"]["jobTemplate"]["spec"] if document["kind"] == "CronJob" else document["spec"]
    return holder["template"]


def copied(dockerfile):
    """What a Dockerfile takes out of the build's folder."""
    lines = [line.split()[1:] for line in dockerfile.splitlines() if line.startswith("COPY ")]
    return [source for words in lines if not words[0].startswith("--from") for source in words[:-1]]


def is_sent(path, dockerignore):
    """Whether Docker gets to see `path`: the last pattern that fits it, or a folder it lies in, decides."""
    sent = True
    for line in (line.strip() for line in dockerignore.splitlines()):
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        whole = [path, *(str(folder) for folder in Path(path).parents if str(folder) != ".")]
        names = Path(path).parts if pattern.startswith("**/") else whole
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            sent = line.startswith("!")
    return sent
