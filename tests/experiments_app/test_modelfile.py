"""Modelfiles and .prompt.yml files, read and written."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from experiments_app.modelfile import BadFile, Parts, quoted, read_modelfile, write_modelfile
from experiments_app.prompt_yml import read_prompt, write_prompt

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
QUOTES = st.text('ab"\n\r {}', min_size=1, max_size=14)
FILE = '''# mine
from llama3.1:8b
Parameter num_predict 7
PARAMETER temperature 0.5
PARAMETER stop "<|end|>"
PARAMETER stop two words
PARAMETER mirostat 1
SYSTEM """You are "kind".
  Always."""
MESSAGE user Hi
MESSAGE assistant """Ahoy
there"""
LICENSE MIT
'''


class TestModelfiles:
    def test_everything_is_read(self):
        found = read_modelfile(FILE)
        assert found.base == "llama3.1:8b"
        assert found.parameters == {"max_tokens": 7, "temperature": 0.5, "stop": ["<|end|>", "two words"]}
        assert found.system == 'You are "kind".\n  Always.'
        assert found.messages[1] == {"role": "assistant", "content": "Ahoy\nthere"}
        assert len(found.ignored) == 2

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("SYSTEM x", "no FROM"),
            ("FROM a\nFOO b", "Line 2"),
            ('FROM a\nSYSTEM """open', "never closed"),
            ("FROM a\nPARAMETER heat 1", "no parameter heat"),
            ("FROM a\nPARAMETER seed many", "no integer"),
            ("FROM a\nMESSAGE robot hi", "role"),
            ("FROM", "no command"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_line(self, text, says):
        with pytest.raises(BadFile, match=says):
            read_modelfile(text)

    @given(TEXT | QUOTES, TEXT | QUOTES)
    def test_what_is_written_is_read_back(self, system, content):
        parts = Parts(base="a:b", system=system, messages=[{"role": "user", "content": content}])
        parts.parameters = {"temperature": 0.25, "stop": ["x", "y z"], "max_tokens": 3, "use_mmap": True}
        try:
            text = write_modelfile(parts)
        except BadFile:
            assume(False)
        assert read_modelfile(text) == parts

    def test_what_no_quotes_hold_is_refused(self):
        with pytest.raises(BadFile):
            quoted('""a"""\nb"\nc')

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, text):
        for read in (read_modelfile, read_prompt):
            try:
                assert isinstance(read(text), Parts)
            except BadFile as error:
                assert str(error)


class TestPrompts:
    def test_both_spellings_are_read_and_what_is_unknown_is_told(self):
        found = read_prompt(
            "name: yes\nmodel: openai/gpt-4o\nauthors: [me]\n"
            "modelParameters:\n  maxTokens: 9\n  top_p: 0.5\n  heat: 1\n"
            "messages:\n  - {role: system, content: Be kind.}\n  - {role: user, content: 'Sum up: {{input}}'}\n"
        )
        assert (found.name, found.base, found.system) == ("yes", "openai/gpt-4o", "Be kind.")
        assert found.parameters == {"max_tokens": 9, "top_p": 0.5}
        assert found.template == "Sum up: {{ .Prompt }}"
        assert len(found.ignored) == 2

    @pytest.mark.parametrize(
        "text", ["[]", "a: [", "a: 1\na: 2", "messages: 3", "modelParameters: {seed: '7'}", "responseFormat: xml"]
    )
    def test_what_is_wrong_is_refused(self, text):
        with pytest.raises(BadFile):
            read_prompt(text)

    @example("0", "\x85")
    @example("\u2028", "a\u2029b")
    @given(TEXT, TEXT)
    def test_what_is_written_is_read_back(self, system, content):
        assume("{{" not in system + content and "}}" not in system + content)
        parts = Parts(base="a:b", name="no", system=system, template="Q: {{ .Prompt }}")
        parts.messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "0o17"}]
        parts.parameters = {"max_tokens": 3, "temperature": 0.5, "stop": ["yes"], "response_format": {"type": "text"}}
        assert read_prompt(write_prompt(parts)) == parts
