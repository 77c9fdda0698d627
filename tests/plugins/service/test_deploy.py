import configparser
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def instructions():
    """Return (instruction, argument) for each line of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def exec_form(name):
    (written,) = [argument for instruction, argument in instructions() if instruction == name]
    return json.loads(written[written.index("[") :])


def test_the_image_runs_as_a_user_without_rights_and_asks_for_its_health():
    found = dict(instructions())
    assert found["USER"].split(":")[0] == "10001"
    assert "healthz" in found["HEALTHCHECK"]
    assert "slim" in found["FROM"]


def test_everything_that_the_image_copies_is_there():
    copied = [argument.split() for instruction, argument in instructions() if instruction == "COPY"]
    sources = [name for words in copied if "--from=build" not in words for name in words[:-1]]
    assert len(sources) >= 4
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_command_of_every_manifest_has_only_options_that_serve_has():
    from triage_service._serve import command

    known = {name for option in command.params for name in option.opts if name.startswith("--")}
    given = [*exec_form("CMD")]
    given += (DEPLOY / "compose.yaml").read_text(encoding="utf-8").split('"')
    given += re.findall(r"[\w.:/-]+", (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string((DEPLOY / "triage.service").read_text(encoding="utf-8"))
    given += shlex.split(unit["Service"]["ExecStart"])
    options = {word for word in given if re.fullmatch(r"--[a-z][a-z-]+", word)}
    assert {"--db", "--bind", "--behind-proxy", "--host"} <= options
    assert options <= known


def test_the_kubernetes_manifest_keeps_to_its_schema():
    validate = pytest.importorskip("kubernetes_validate")
    yaml = pytest.importorskip("yaml")
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
    assert {document["kind"] for document in documents} == {"Deployment", "Service", "PodDisruptionBudget"}
    for document in documents:
        validate.validate(document, "1.31", strict=True)
    documents[0]["spec"]["replicaz"] = 1
    with pytest.raises(validate.ValidationError):
        validate.validate(documents[0], "1.31", strict=True)


def test_the_compose_file_keeps_to_its_schema():
    compose = pytest.importorskip("compose_spec")
    written = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    compose.PyCompose.from_yaml(written).validate()
    with pytest.raises(Exception, match=r"."):
        compose.PyCompose.from_yaml(written.replace("services:", "services: 5\nx:", 1)).validate()


def test_the_unit_is_one_that_systemd_understands(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / "triage.service").read_text(encoding="utf-8")
    path = tmp_path / "triage.service"
    path.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", unit), encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
    assert "triage.service" not in done.stderr, done.stderr


@pytest.mark.slow
def test_the_steps_of_the_dockerfile_give_an_installation_that_serves(tmp_path, model_path):
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("triage", "plugins", "corpora"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = [a for i, a in instructions() if i == "RUN" and "/opt/triage" in a]
    assert len(build) == 2
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for step in build:
        words = shlex.split(step.replace("/opt/triage", str(tmp_path / "opt")))
        if words[0] == "python":
            words[0] = sys.executable
        subprocess.run(words, cwd=tmp_path, env=environment, check=True, timeout=900)
    port = 18_088
    command = [*exec_form("ENTRYPOINT"), *exec_form("CMD")]
    changes = {"triage": str(tmp_path / "opt/bin/triage"), "/models/current": model_path,
               "sqlite:////var/lib/triage/desk.db": f"sqlite:///{tmp_path}/desk.db",
               "0.0.0.0:8088": f"127.0.0.1:{port}"}  # fmt: skip
    environment["PYTHONPATH"] = os.environ["PYTHONPATH"]  # the model's backend is a plugin of these tests
    with subprocess.Popen(
        [changes.get(word, word) for word in command], cwd=tmp_path, env=environment
    ) as server:
        try:
            health = exec_form("HEALTHCHECK")
            code = health[-1].replace("8088", str(port))
            for _ in range(100):
                asked = subprocess.run(
                    [tmp_path / "opt/bin/python", "-c", code], capture_output=True, timeout=10
                )
                if asked.returncode == 0:
                    break
            assert asked.returncode == 0
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as ready:
                assert ready.status == 200
        finally:
            server.terminate()
        assert server.wait(timeout=30) == 0


def test_the_extra_serve_stays_light():
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert {re.split(r"[>=<]", name)[0] for name in extras["serve"]} <= {
        "alembic", "prometheus-client", "sqlalchemy", "starlette", "uvicorn",
    }  # fmt: skip
