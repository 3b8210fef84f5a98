from __future__ import annotations

from django.core.checks import run_checks
from django.test import SimpleTestCase, override_settings


def found() -> list[str]:
    return [f"{check.id} {check.msg}" for check in run_checks() if check.id.startswith("github.")]


class SettingsTests(SimpleTestCase):
    def test_the_defaults_are_fine(self):
        assert found() == []

    def test_what_would_fail_later_is_refused_at_the_start_without_repeating_it(self):
        for name, value in (
            ("GITHUB_MODELS_URL", "ftp://models.example"),
            ("GITHUB_MODELS_URL", "https://ada:hunter2@models.example"),
            ("GITHUB_MODELS_URL", "http://169.254.169.254"),
            ("GITHUB_MODELS_PLAN", "hunter2"),
            ("GITHUB_TOKEN", "ghp hunter2"),
            ("GITHUB_TOKEN", "ghp_hunter2\n"),
        ):
            with self.subTest(name=name, value=value), override_settings(**{name: value}):
                (message,) = found()
                assert name in message
                assert "hunter2" not in message
