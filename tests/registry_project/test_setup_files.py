"""The files that a stranger starts from: .env.example, docker-compose.yml, Dockerfile, the locks, the licence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_project.environment import BASE_DIR
from registry_project.supervisor.table import QUIET

APPS = ("registry_project", "ollama_app", "github_models_app", "experiments_app", "unified_app")
READ = re.compile(r"""\benv(?:\.[a-z_]+)?\(\s*f?["']([A-Z][A-Z0-9_]+)["']""")
LISTED = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def text(name: str) -> str:
    return (BASE_DIR / name).read_text()


def variables_read() -> set[str]:
    files = [path for app in APPS for path in (BASE_DIR / app).rglob("*.py")]
    return {name for path in files for name in READ.findall(path.read_text())}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(text("docker-compose.yml"))


class TestEnvironment:
    def test_every_variable_that_the_code_reads_is_explained(self) -> None:
        read = variables_read()
        assert "DATABASE_URL" in read
        assert read - set(LISTED.findall(text(".env.example"))) == set()

    def test_nothing_is_explained_that_nobody_reads(self) -> None:
        in_compose = set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml")))
        assert set(LISTED.findall(text(".env.example"))) - variables_read() - in_compose == set()

    def test_a_copy_of_it_changes_nothing(self) -> None:
        assert [line for line in text(".env.example").splitlines() if line and not line.startswith("#")] == []


class TestCompose:
    def test_every_variable_it_takes_is_explained(self, compose: dict[str, Any]) -> None:
        taken = set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml")))
        assert taken - set(LISTED.findall(text(".env.example"))) == set()

    def test_it_has_the_parts_of_the_scaled_out_set_up(self, compose: dict[str, Any]) -> None:
        assert set(compose["services"]) == {"postgres", "redis", "migrate", "web", "worker", "beat", "page"}

    def test_only_site_and_page_are_published_and_only_here(self, compose: dict[str, Any]) -> None:
        ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
        assert set(ports) == {"web", "page"}
        assert all(port.startswith("127.0.0.1:") for found in ports.values() for port in found)

    def test_a_gateway_that_does_not_start_is_not_silent(self, compose: dict[str, Any]) -> None:
        for command in (" ".join(compose["services"]["web"]["command"]), text("Dockerfile").replace('", "', " ")):
            assert "--lifespan on" in command

    def test_the_page_asks_the_site_by_a_name_that_the_site_knows(self, compose: dict[str, Any]) -> None:
        page = compose["services"]["page"]
        assert page["environment"]["REGISTRY_API_URL"].endswith("http://web:8000}")
        assert "web" in compose["services"]["web"]["environment"]["ALLOWED_HOSTS"].split(",")
        assert page["depends_on"] == {"web": {"condition": "service_healthy"}}

    def test_what_needs_tables_waits_for_the_migration(self, compose: dict[str, Any]) -> None:
        for name in ("web", "worker", "beat"):
            waits = compose["services"][name]["depends_on"]
            assert waits["migrate"] == {"condition": "service_completed_successfully"}
            assert waits["postgres"] == waits["redis"] == {"condition": "service_healthy"}

    def test_every_service_has_a_reaper_and_every_server_a_health_check(self, compose: dict[str, Any]) -> None:
        for name, service in compose["services"].items():
            assert service["init"] is True, name
            assert "test" in service["healthcheck"] or name == "migrate", name

    def test_redis_keeps_messages(self, compose: dict[str, Any]) -> None:
        command = " ".join(compose["services"]["redis"]["command"])
        assert "--appendonly yes" in command and "--maxmemory-policy noeviction" in command

    def test_commands_get_their_signals(self, compose: dict[str, Any]) -> None:
        assert all(isinstance(service.get("command", []), list) for service in compose["services"].values())


class TestImage:
    def test_it_runs_as_nobody_special_with_a_health_check(self) -> None:
        lines = text("Dockerfile").splitlines()
        assert lines.index("USER 10001") > lines.index("COPY . .")
        assert any(line.startswith("HEALTHCHECK") for line in lines)
        assert any(line.startswith('CMD ["') for line in lines)

    def test_no_library_calls_home(self) -> None:
        for name, value in QUIET.items():
            assert f"{name}={value}" in text("Dockerfile")

    @pytest.mark.parametrize("name", [".env", ".git", "var", ".venv", "tests"])
    def test_data_secrets_and_tests_stay_out(self, name: str) -> None:
        assert name in text(".dockerignore").splitlines()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
class TestLocks:
    def test_every_pin_has_a_hash(self, name: str) -> None:
        entries = re.split(r"\n(?=[a-z0-9])", text(name))
        assert len(entries) > 100
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)

    def test_it_names_no_server_and_no_folder(self, name: str) -> None:
        assert re.findall(r"https?://|file:|--index|--find-links|/home/|/tmp/", text(name)) == []

    def test_it_holds_what_the_ranges_ask_for(self, name: str) -> None:
        wanted = re.findall(r"^([A-Za-z0-9][A-Za-z0-9-]*)", text(name.replace(".lock", ".txt")), re.MULTILINE)
        pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", text(name), re.MULTILINE))
        assert {package.lower() for package in wanted} - pinned == set()


def test_tests_run_on_what_the_product_runs_on() -> None:
    pin = re.compile(r"^([a-z0-9.-]+(?:\[[a-z,]+\])?==[^ \\]+)", re.MULTILINE)
    assert set(pin.findall(text("requirements.lock"))) <= set(pin.findall(text("requirements-dev.lock")))


def test_the_licence_is_apache_2() -> None:
    licence = text("LICENSE")
    assert "Apache License" in licence and "Version 2.0, January 2004" in licence
    assert "The model registry authors" in licence


def test_scripts_can_be_run() -> None:
    for name in (".ci/run", ".ci/environment"):
        assert Path(BASE_DIR / name).stat().st_mode & 0o111, name
