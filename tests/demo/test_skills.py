from __future__ import annotations

import pytest

from registry_project.demo_skills import answer_of
from registry_project.demo_tools import choose_tools, filled

NOTE = 'Text: "Nora sold 14 chairs to Emil on Tuesday."\n'


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Repeat this: green-door-7", "green-door-7"),
        ("Reply with exactly this word: steady", "steady"),
        (NOTE + "How many chairs were sold? Answer with the number only.", "14"),
        (NOTE + "On which day did she sell them?", "Tuesday"),
        (NOTE + "What is the e-mail address? If the text does not say it, answer only: unknown", "unknown"),
        ('How many letters has the word "cellar"?', "6"),
        ('Write the word "cellar" backwards.', "rallec"),
        ('Write the word "cellar" in capital letters.', "CELLAR"),
        ("Today is Friday. Which day is it in 10 days?", "Monday"),
        ("Which number comes next: 5, 8, 11, 14, ...?", "17"),
        ("Which number comes next: 3, 9, 27, 81, ...?", "243"),
        ("Which number comes next: 2, 2, 4, 6, 10, ...?", "16"),
        ("Should the wind ticket go to sailing or chess? It tells of wind and sailing boats.", "sailing"),
        ('Answer with JSON only: an object with the keys "town" (Bern) and "size" (3).', '{"town": "Bern", "size": 3}'),
        ("Name two planets, separated by a semicolon.", "Mercury; Venus"),
        ("List two metals as a numbered list.", "1. iron\n2. gold"),
        ("Write exactly five words about a lake.", "The lake is here and."),
        ("What is the capital of Italy?", "Rome"),
        ("Why is it so?", ""),
    ],
)
def test_a_question_is_answered_from_its_own_words(question: str, answer: str) -> None:
    right, wrong = answer_of(question, None)
    assert (right, right in wrong) == (answer, False)


def tool(name: str, description: str, *required: str, **properties: dict) -> dict:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
WEATHER = tool("get_weather", "Weather of a city", "city", city=TEXT, unit={"enum": ["celsius", "kelvin"]})
TIMER = tool("set_timer", "Start a timer", "minutes", minutes=NUMBER, label=TEXT)


def called(question: str) -> list[tuple[str, dict]]:
    return [(call["name"], call["arguments"]) for call in choose_tools(question, [WEATHER, TIMER])]


def test_one_call_has_what_is_required_and_what_is_named() -> None:
    assert called("Set a timer for 12 minutes.") == [("set_timer", {"minutes": 12})]
    assert called("The weather in Oslo in kelvin?") == [("get_weather", {"city": "Oslo", "unit": "kelvin"})]
    assert called("Who are you?") == []


def test_two_halves_are_two_calls() -> None:
    assert called("The weather in Oslo and in Rome?") == [("get_weather", {"city": c}) for c in ("Oslo", "Rome")]
    both = called("Tell me the weather in Oslo and start a timer of 5 minutes.")
    assert both == [("get_weather", {"city": "Oslo"}), ("set_timer", {"minutes": 5})]
    assert len(called("Is the weather in Oslo cold and dark?")) == 1


def test_values_look_as_their_descriptions_say() -> None:
    schema = {
        "type": "object",
        "properties": {
            "at": {"type": "string", "description": "Time of day as HH:MM"},
            "day": {"type": "string", "description": "YYYY-MM-DD"},
            "open": {"type": "boolean"},
            "guests": NUMBER,
            "marks": {"type": "array", "items": {"type": "number"}},
        },
    }
    told = filled(schema, "For 4 guests on 2026-05-01 at 18:30, not open, with marks 2.5 and 3")
    assert told == {"at": "18:30", "day": "2026-05-01", "open": False, "guests": 4, "marks": [2.5, 3.0]}
