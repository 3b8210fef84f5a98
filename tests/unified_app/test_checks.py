from __future__ import annotations

from django.test import SimpleTestCase, override_settings

from unified_app import checks

SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}


class CheckTests(SimpleTestCase):
    def test_the_settings_as_they_are_pass(self):
        assert checks.every_source_imports() == []
        assert checks.every_job_kind_imports() == []

    @override_settings(MODEL_SOURCES={"ollama": "ollama_app.source.Nothing"})
    def test_a_source_that_does_not_import_is_named(self):
        (error,) = checks.every_source_imports()
        assert "ollama_app.source.Nothing" in error.msg

    @override_settings(MODEL_SOURCES={"other": "ollama_app.source.OllamaSource"})
    def test_a_source_under_a_name_that_is_not_its_own_is_refused(self):
        (error,) = checks.every_source_imports()
        assert "'other'" in error.msg

    @override_settings(JOB_KINDS={"sync": "unified_app.syncing.MAX_READERS"})
    def test_a_job_kind_that_is_no_function_is_refused(self):
        (error,) = checks.every_job_kind_imports()
        assert error.id == "registry.E002"

    @override_settings(WEB_PROCESSES=2, REDIS_URL="")
    def test_two_web_processes_need_postgresql_and_redis(self):
        (error,) = checks.scale_out_has_its_parts()
        assert "DATABASE_URL" in error.msg
