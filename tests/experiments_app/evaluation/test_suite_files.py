"""Suites as files: exact round trips, cases that come alone, and what is refused with its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments_app.evaluation.files.suite_files import EVALUATORS, MESSAGES, export, parse
from experiments_app.evaluation.suites import read_suite
from unified_app.errors import InvalidInput

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    [
        "yes",
        "no",
        "017",
        "1_000",
        "12:30",
        "2024-01-02",
        "1.10",
        "~",
        "",
        '"q"',
        r"\N",
        "[1]",
        "0x1F",
        "a\nb\n",
        " x ",
        "<<",
    ]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda child: st.lists(child, max_size=3) | st.dictionaries(WORDS, child, max_size=3),
    max_leaves=6,
)
CASES = st.lists(st.dictionaries(st.text("abcdef äß.", min_size=1, max_size=4), PLAIN, max_size=4), max_size=4)


def suite(cases: Any) -> dict[str, Any]:
    return {
        "name": "s",
        "model": "1.10",
        "messages": [{"role": "user", "content": "Say\n\n  {{a}}\n"}],
        "evaluators": [{"name": "yes", "llm": {"prompt": "x", "choices": [{"choice": "no", "score": 0.25}]}}],
        "authors": {"first": [1, None]},
        "testData": cases,
    }


class TestRoundTrips:
    @example([{"a": "x\x85y"}, {"a": 1.0, "b": -0.0}, {"a": 10**20, "b": 1e20}])
    @settings(max_examples=150)
    @given(CASES)
    @pytest.mark.parametrize("kind", ["prompt.yml", "jsonl", "json"])
    def test_a_suite_that_was_written_is_read_back_as_it_was(self, kind, cases):
        raw, _ = export(suite(cases), kind)
        assert repr(parse(f"x.{kind}", raw)) == repr(suite(cases))

    @example([{"a": ""}, {"a": r"\N"}, {}, {"a": "", "b": ""}, {"tags": ""}, {"a": 1.0}, {"a": "1.0"}, {"a": 1e-7}])
    @settings(max_examples=150)
    @given(CASES)
    def test_a_table_gives_its_cases_back(self, cases):
        raw, _ = export(suite(cases), "csv")
        read = parse("x.csv", raw, like=suite([]))["testData"]
        assert [sorted(case.items()) for case in read] == [sorted(case.items()) for case in cases]
        types = [{key: type(value) for key, value in case.items()} for case in (*read, *cases)]
        assert types[: len(cases)] == types[len(cases) :]

    def test_media_types_and_a_format_that_is_none(self):
        assert export(suite([]), "csv")[1].startswith("text/csv")
        with pytest.raises(InvalidInput) as error:
            export(suite([]), "xml")
        assert list(error.value.details) == ["format"]


class TestCasesAlone:
    def test_each_is_asked_its_input_and_checked_for_what_is_expected(self):
        for name, raw in (
            ("cases.jsonl", b'{"input": "1+1", "expected": "2"}\n\n{"input": "2+2", "expected": "4"}\n'),
            ("cases.csv", b"\xef\xbb\xbfinput;expected\r\n1+1;2\r\n2+2;4\r\n;\r\n"),
            ("cases.tsv", b"input\texpected\n1+1\t2\n2+2\t4\n"),
            ("cases.json", b'[{"input": "1+1", "expected": "2"}, {"input": "2+2", "expected": "4"}]'),
        ):
            found = parse(name, raw)
            assert (found["name"], found["messages"], found["evaluators"]) == ("cases", MESSAGES, EVALUATORS)
            assert [str(case.data["expected"]) for case in read_suite(found).cases] == ["2", "4"], name

    def test_another_suite_gives_the_messages_and_evaluators(self):
        found = parse("more.csv", b"a\nx\n", like={**suite([]), "description": "old"})
        assert found == {**suite([{"a": "x"}]), "name": "more"}

    def test_cases_that_no_message_would_ask_are_refused(self):
        with pytest.raises(InvalidInput, match="No case has an input"):
            parse("x.csv", b"question\nx\n")


class TestTables:
    def test_cells_are_texts_unless_they_read_as_json(self):
        raw = b'a,b,c,d,e,f,g,tags\n007,1.0,12,true,"[1, 2]","two\nlines",12e4,\n'
        (case,) = parse("x.csv", raw, like=suite([]))["testData"]
        assert case == {"a": "007", "b": "1.0", "c": 12, "d": True, "e": [1, 2], "f": "two\nlines", "g": "12e4"}

    def test_a_comma_in_quotes_makes_no_column(self):
        (case,) = parse("x.csv", b'"a,b,c";d\n1;2\n', like=suite([]))["testData"]
        assert case == {"a,b,c": 1, "d": 2}

    def test_a_key_with_a_separator_in_it_is_read_back(self):
        for cases in ([{"a;b": 1}], [{"a;b;c": 1, "d": 2}], [{"a,b": 1, "c\td;e": 2}]):
            assert parse("x.csv", export(suite(cases), "csv")[0], like=suite([]))["testData"] == cases


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "raw", "says"),
        [
            ("x.txt", b"", "ends in one of"),
            ("x.jsonl", b'{"a": 1}\n{bad\n', "Line 2: It is not JSON"),
            ("x.jsonl", b'{"a": 1, "a": 2}\n', "Line 1.*twice"),
            ("x.jsonl", b'{"a": NaN}\n', "Line 1.*NaN"),
            ("x.jsonl", b'\n"text"\n', "Line 2: a test case is an object"),
            ("x.jsonl", b"{}\n" * 10_001, "Line 10001: at most 10000"),
            ("x.jsonl", b'{"a": ' + b"[" * 100_000, "Line 1: .*nested"),
            ("x.json", b"3", "an object with the keys"),
            ("x.csv", b"", "It is empty"),
            ("x.csv", b"input,input\n1,2\n", "two columns have one name"),
            ("x.csv", b"input,\n1,2\n", "column 2 has no name"),
            ("x.csv", b"input,b\n1,2\n\n1\n", "Line 4: 1 cells for 2 columns"),
            ("x.csv", b'input\n"open\n', "Line [23]: unexpected end"),
            ("x.csv", b"input\n" + b"x\n" * 10_001, "Line 10002: at most 10000"),
            ("x.csv", b"input\n\xff\n", "Line 2: it is not UTF-8"),
            ("x.yml", b"", "It is empty"),
            ("x.yml", b"- a\n", "no mapping"),
            ("x.yml", b"a: 1\na: 2\n", "line 2.*already defined"),
            ("x.yml", b"testData:\n- a: .inf\n", "line 2: .inf is no finite number"),
            ("x.yml", b"testData: " + b"[" * 100_000, "nested too deeply"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_line(self, name, raw, says):
        with pytest.raises(InvalidInput, match=f"(?s){says}"):
            parse(name, raw)

    def test_aliases_do_not_make_a_small_file_a_huge_suite(self):
        levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
        with pytest.raises(InvalidInput, match="excessive aliasing"):
            parse("x.yml", f"a0: &a0 [x, x]\n{levels}".encode())
