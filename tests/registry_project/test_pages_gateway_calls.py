"""The calls through the gateway, as text, and the link to the page for evaluators."""

from __future__ import annotations

import ast
import json
import shlex

import pytest
from django.test import RequestFactory, override_settings

from registry_project.pages.context import page_url
from registry_project.pages.gateway_calls import for_model

BASE = "http://testserver"
ODD = "it's $(odd)\"\n\\ü"


@pytest.mark.parametrize("does", ["text_generation", "text_embedding"])
class TestCalls:
    def test_an_odd_name_stays_one_string(self, does: str) -> None:
        curls = [call.code for call in for_model(BASE, ODD, [does]) if call.title.startswith("curl")]
        for code in curls:
            words = shlex.split(code.replace("\\\n", " "))
            assert json.loads(words[words.index("-d") + 1])["model"] == ODD

    def test_the_programs_can_be_read_by_python_and_name_the_model(self, does: str) -> None:
        programs = [call.code for call in for_model(BASE, ODD, [does]) if call.title.startswith("Python")]
        assert len(programs) == 2
        for code in programs:
            assert ODD in [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]


class TestPageAddress:
    def address(self, **request: object) -> str:
        return page_url(RequestFactory().get("/", **request))

    def test_a_site_by_itself_links_to_no_page(self) -> None:
        with override_settings(GRADIO_PORT=0, PAGE_URL=""):
            assert self.address() == ""

    def test_it_is_on_the_name_that_the_person_called(self) -> None:
        with override_settings(GRADIO_PORT=7860, PAGE_URL="", ALLOWED_HOSTS=["*"]):
            assert self.address(headers={"host": "registry.lan:8000"}) == "http://registry.lan:7860/"
            assert self.address(headers={"host": "[::1]:8000"}) == "http://[::1]:7860/"

    def test_behind_tls_only_what_was_told_is_linked(self) -> None:
        with override_settings(GRADIO_PORT=7860, PAGE_URL=""):
            assert self.address(secure=True) == ""
        with override_settings(GRADIO_PORT=7860, PAGE_URL="https://page.example/"):
            assert self.address(secure=True) == "https://page.example/"
