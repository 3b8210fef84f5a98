"""What holds for every test: needed programs, live servers, and the end of the run's data folder."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import needs, summary

# A slow machine is no failure, and a rerun makes a new object of a test's class. What decides whether a change lands
# tries the same examples each time; new ones are for those who can look at what they find.
settings.register_profile(
    "registry",
    deadline=None,
    derandomize=os.environ.get("REQUIRE_ALL") == "1",
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
settings.load_profile("registry")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for binary in mark.args:
            needs(binary)
    if item.get_closest_marker("live") and not os.environ.get("OLLAMA_TEST_URL"):
        pytest.skip("live: set OLLAMA_TEST_URL to the address of a real Ollama")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    if lines := summary(reasons):
        terminalreporter.section("programs that were missing (REQUIRE_ALL=1 makes this a failure)")
        for line in lines:
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    # The controller's, when xdist runs: its workers end before it.
    if not hasattr(config, "workerinput") and (home := os.environ.get("REGISTRY_TEST_HOME")):
        shutil.rmtree(home, ignore_errors=True)
