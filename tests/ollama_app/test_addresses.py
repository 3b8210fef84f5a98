from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import SimpleTestCase, override_settings

from ollama_app.addresses import default_name, parse_hosts
from unified_app.addresses import normalise_url, validate_url


class UrlTests(SimpleTestCase):
    def test_what_people_type_becomes_a_base_url(self):
        for typed, url in {
            "gpu1:11434": "http://gpu1:11434",
            " http://gpu1/ ": "http://gpu1",
            "https://llm.example/ollama/": "https://llm.example/ollama",
            "[::1]:11434": "http://[::1]:11434",
        }.items():
            with self.subTest(typed):
                assert normalise_url(typed) == url
                validate_url(typed)

    def test_what_cannot_be_a_host_is_refused(self):
        for typed in ("", "http://", "ftp://gpu1", "file:///etc/passwd", "http://gpu1:99999", "http://[::1", "a b",
                      "http://gpu1?x=1", "http://gpu1#x", "http://gpu\n1", "http://gpu1\x00"):  # fmt: skip
            with self.subTest(typed), pytest.raises(ValidationError):
                validate_url(typed)

    def test_credentials_in_it_are_refused_and_not_repeated(self):
        for typed in ("http://me:hunter2@gpu1", "http://hunter2@gpu1", "http://@gpu1"):
            with self.subTest(typed), pytest.raises(ValidationError) as caught:
                validate_url(typed)
            assert "hunter2" not in str(caught.value)

    def test_metadata_and_link_local_addresses_are_refused_in_every_spelling(self):
        for host in ("169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518",
                     "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "224.0.0.1",
                     "metadata.google.internal", "Metadata.Google.Internal.", "100.100.100.200"):  # fmt: skip
            with self.subTest(host), pytest.raises(ValidationError):
                validate_url(f"http://{host}/latest")

    def test_addresses_that_look_alike_are_allowed(self):
        for host in ("10.0.0.5", "192.168.1.9", "0.0.0.0", "localhost", "gpu.local", "[fd00::5]", "metadata.example"):
            with self.subTest(host):
                validate_url(f"http://{host}:11434")


class EnvironmentTests(SimpleTestCase):
    def test_entries_are_named_or_named_by_their_address(self):
        entries = [
            "gpu1=http://10.0.0.5:11434",
            "10.0.0.6",
            "https://llm.example:8443/ollama",
            " ",
            "http://[::1]:11434",
        ]
        assert parse_hosts(entries) == {
            "gpu1": "http://10.0.0.5:11434",
            "10.0.0.6": "http://10.0.0.6",
            "llm.example-8443": "https://llm.example:8443/ollama",
            "1": "http://[::1]:11434",
        }

    def test_an_entry_that_is_wrong_is_told_by_its_number(self):
        for entry, words in {
            "gpu 2=http://gpu2": "A name has letters",
            "x" * 61 + "=http://gpu2": "at most 60",
            "gpu1=http://other": "'gpu1' stands twice",
            "gpu2=": "Give an http:// or https:// address",
            "gpu2=http://" + "a" * 300: "longer than 300",
            "http://169.254.169.254": "Link-local",
        }.items():
            with self.subTest(entry), pytest.raises(ValidationError) as caught:
                parse_hosts(["gpu1=http://gpu1", entry])
            assert "entry 2: " in caught.value.messages[0]
            assert words in caught.value.messages[0]

    def test_a_default_name_is_always_a_name(self):
        for url in ("http://a_b.example", "http://[fe80::1]:99", "http://" + "a" * 90, "http://x:11434", "http://--"):
            with self.subTest(url):
                assert parse_hosts([f"{default_name(url)}=http://gpu1"])

    def test_a_wrong_setting_is_a_sentence_at_start_up_and_hides_the_password(self):
        wrong = override_settings(OLLAMA_HOSTS=["a=http://gpu1", "b=http://me:hunter2@gpu2"])
        with wrong, pytest.raises(SystemCheckError) as caught:
            call_command("check")
        assert "OLLAMA_HOSTS, entry 2: Leave credentials out of the URL" in str(caught.value)
        assert "hunter2" not in str(caught.value)
