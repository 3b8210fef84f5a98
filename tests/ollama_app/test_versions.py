from __future__ import annotations

from django.test import SimpleTestCase

from ollama_app.versions import is_newer, version_key


class VersionTests(SimpleTestCase):
    def test_versions_sort_as_they_were_released(self):
        released = ["garbage", "0.1.23", "0.6.4", "0.24.0", "0.33.0-rc2", "0.33.0", "v1.0.0", "0.0.0"]
        assert sorted(set(released), key=version_key) == released

    def test_a_source_build_counts_as_the_newest(self):
        assert is_newer("0.0.0", "99.0.0")
        assert not is_newer("0.0.0", "0.0.0")

    def test_what_cannot_be_read_is_newer_than_nothing(self):
        assert not is_newer("", "0.1.0")
        assert not is_newer("nightly", "")
