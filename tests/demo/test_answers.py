from __future__ import annotations

import json
import time

import jsonschema
import pytest
import requests

from tests.demo_server import demo_server

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Current weather of a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "addNumbers",
            "description": "Sum of two numbers",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                "required": ["a", "b"],
            },
        },
    },
]
GOOD = "mistral-small3.2:24b"


def ask(url: str, question: str, model: str = GOOD, **more: object) -> dict:
    messages = [{"role": "user", "content": question, "images": more.pop("images", [])}]
    body = {"model": model, "messages": messages, "stream": False, **more}
    answer = requests.post(f"{url}/api/chat", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(url: str, question: str, model: str = GOOD, **more: object) -> str:
    return ask(url, question, model, **more)["message"]["content"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 17 * 23?", "391"),
        ("What is (3 + 4) times 2?", "14"),
        ("What is 15% of 80?", "12"),
        ("What is the capital of France?", "Paris"),
        ("What color is the sky?", "blue"),
        ("How many days are in a week?", "7"),
        ("Count to 5", "1, 2, 3, 4, 5"),
    ],
)
def test_a_good_model_knows_simple_things(demo: str, question: str, answer: str) -> None:
    assert answer in said(demo, question)


def test_it_can_be_brief(demo: str) -> None:
    assert said(demo, "What is the capital of France? Answer with one word.") == "Paris"


def test_a_division_by_zero_is_no_crash(demo: str) -> None:
    assert "no weights" in said(demo, "What is 5 / 0?")
    assert "no weights" in said(demo, "What is 2 ** 99999999?")


def test_a_weaker_model_gets_more_wrong_and_always_the_same(demo: str) -> None:
    sums = [(f"What is {n} + {n + 3}?", str(2 * n + 3)) for n in range(40)]
    right = {
        model: [answer in said(demo, question, model).rstrip(".").split() for question, answer in sums]
        for model in (GOOD, "gemma2:2b", "orca-mini:3b")
    }
    assert sum(right[GOOD]) >= 38
    assert sum(right[GOOD]) > sum(right["gemma2:2b"]) > sum(right["orca-mini:3b"])
    again = [answer in said(demo, question, "gemma2:2b").rstrip(".").split() for question, answer in sums]
    assert again == right["gemma2:2b"]


def test_the_seed_decides_the_words(demo: str) -> None:
    answers = [said(demo, "What is the capital of Spain?", options={"seed": seed}) for seed in (*range(1, 9), 1)]
    assert answers[0] == answers[-1]
    assert len(set(answers)) > 1
    assert all("Madrid" in answer for answer in answers)


def test_num_predict_cuts_the_answer(demo: str) -> None:
    cut = ask(demo, "Count to 50", options={"num_predict": 7})
    assert (cut["done_reason"], cut["eval_count"]) == ("length", 7)
    assert "50" not in cut["message"]["content"]
    assert ask(demo, "Count to 50", options={"num_predict": -1})["done_reason"] == "stop"


def test_the_metrics_add_up(demo: str) -> None:
    told = ask(demo, "Count to 50")
    parts = told["load_duration"] + told["prompt_eval_duration"] + told["eval_duration"]
    assert told["total_duration"] >= parts - 1000 > 0
    assert told["prompt_eval_count"] < ask(demo, "Count to 50 " + "please " * 20)["prompt_eval_count"]


def test_a_thinking_model_thinks_first_unless_told_not_to(demo: str) -> None:
    body = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}
    answer = requests.post(f"{demo}/api/chat", json=body, timeout=5)
    kinds = ["thinking" in json.loads(line)["message"] for line in answer.iter_lines()]
    assert kinds[0] and not kinds[-1]
    assert kinds == sorted(kinds, reverse=True)
    assert "thinking" not in ask(demo, "What is 2 + 2?", "qwen3:8b", think=False)["message"]


def test_a_tool_is_chosen_and_filled_from_the_question(demo: str) -> None:
    def call(question: str) -> dict:
        return ask(demo, question, tools=TOOLS)["message"]["tool_calls"][0]["function"]

    weather = call("What is the weather in Graz, in fahrenheit?")
    assert (weather["name"], weather["arguments"]) == ("get_weather", {"city": "Graz", "unit": "fahrenheit"})
    assert call("Please add 5 and 7")["arguments"] == {"a": 5, "b": 7}
    assert "tool_calls" not in ask(demo, "What is the capital of France?", tools=TOOLS)["message"]


def test_the_result_of_a_tool_is_told(demo: str) -> None:
    messages = [
        {"role": "user", "content": "What is the weather in Graz?"},
        {"role": "tool", "content": "rain at 8 degrees", "tool_name": "get_weather"},
    ]
    body = {"model": GOOD, "messages": messages, "tools": TOOLS, "stream": False}
    assert "rain at 8 degrees" in requests.post(f"{demo}/api/chat", json=body, timeout=5).json()["message"]["content"]


def test_structured_output_fits_its_schema(demo: str) -> None:
    schema = {
        "type": "object",
        "properties": {
            "answer": {"type": "string", "maxLength": 20},
            "mood": {"enum": ["sad", "glad"]},
            "numbers": {"type": "array", "items": {"type": "integer"}, "minItems": 2},
            "place": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "sure": {"type": "boolean"},
            "score": {"type": "number"},
        },
        "required": ["answer", "mood", "numbers", "place", "sure", "score"],
        "additionalProperties": False,
    }
    value = json.loads(said(demo, "What is the capital of Italy? I am glad.", format=schema))
    jsonschema.validate(value, schema)
    assert (value["answer"], value["mood"]) == ("Rome", "glad")
    assert json.loads(said(demo, "What is the capital of Italy?", format="json")) == {"answer": "Rome"}


def test_only_a_vision_model_takes_a_picture(demo: str) -> None:
    assert "picture" in said(demo, "What is this?", images=["iVBORw0KGgo="])
    messages = [{"role": "user", "content": "What is this?", "images": ["iVBORw0KGgo="]}]
    answer = requests.post(f"{demo}/api/chat", json={"model": "phi4:14b", "messages": messages}, timeout=5)
    assert (answer.status_code, "does not support multimodal" in answer.json()["error"]) == (400, True)


def test_the_cloud_model_answers_and_is_never_loaded(demo: str) -> None:
    told = ask(demo, "What is 17 * 23?", "gpt-oss:120b-cloud")
    assert "391" in told["message"]["content"]
    assert told["remote_model"] == "gpt-oss:120b"
    loaded = requests.get(f"{demo}/api/ps", timeout=5).json()["models"]
    assert "gpt-oss:120b-cloud" not in [row["name"] for row in loaded]


def test_tokens_come_one_by_one_at_the_models_pace() -> None:
    with demo_server(token_delay=0.02) as url:
        body = {"model": "llama3.1:8b", "messages": [{"role": "user", "content": "Count to 10"}]}
        answer = requests.post(f"{url}/api/chat", json=body, timeout=5, stream=True)
        started, times = time.monotonic(), []
        for line in answer.iter_lines(chunk_size=1):
            times.append(time.monotonic() - started)
            last = json.loads(line)
        assert times[0] < 0.2 < times[-1]
        assert last["eval_duration"] > last["eval_count"] * 15_000_000


def test_odd_requests_are_refused_and_never_crash(demo: str) -> None:
    question = [{"role": "user", "content": "x"}]
    odds = ({"messages": ["x"]}, {"messages": "x"}, {"tools": [None]}, {"tools": "x"}, {"format": "xml"})
    for odd in (*odds, {"options": {"num_predict": "few"}}, {"keep_alive": "abc"}, {"model": ["x"]}):
        body = {"model": GOOD, "messages": question, "stream": False, **odd}
        answer = requests.post(f"{demo}/api/chat", json=body, timeout=5)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_a_date_is_no_sum(demo: str) -> None:
    assert "no weights" in said(demo, "What happened on 2026-11-24?")
