from __future__ import annotations

import base64
import io

import pytest
from PIL import Image, ImageDraw

from registry_project.demo_eyes import look
from tests.demo.test_answers import said


def picture(*boxes: tuple[int, int, int, int, str], ground: str = "white") -> str:
    image = Image.new("RGB", (120, 90), ground)
    for *box, colour in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=colour)
    image.save(file := io.BytesIO(), "PNG")
    return base64.b64encode(file.getvalue()).decode()


THREE = picture((5, 5, 25, 25, "#d02828"), (50, 5, 70, 25, "#d02828"), (80, 40, 115, 85, "#2050c8"))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which colour is the largest?", "blue"),
        ("Which colour is the smallest shape?", "red"),
        ("What color has the shape on the left?", "red"),
        ("Which colour is the background?", "white"),
        ("How many shapes are there?", "3"),
        ("How many red ones are there?", "2"),
        ("What do you see?", "a white picture with 2 red shapes, 1 blue shape in it"),
    ],
)
def test_colours_and_counts_are_those_of_the_picture(question: str, answer: str) -> None:
    right, wrong = look([THREE], question)
    assert (right, right in wrong) == (answer, False)


def test_what_cannot_be_seen_is_not_made_up() -> None:
    for image, question in ((THREE, "Which word is written here?"), ("iVBORw0KGgo=", "What is this?"), ("?", "What?")):
        assert "cannot make out" in look([image], question)[0]


def test_an_empty_picture_has_nothing_in_it() -> None:
    assert look([picture()], "How many circles do you see?")[0] == "0"
    assert look([picture(ground="#209448")], "Which colour do you see?")[0] == "green"
    assert "nothing" in look([picture()], "What do you see?")[0]


def test_a_model_that_sees_tells_it(demo: str) -> None:
    green = picture((30, 20, 80, 70, "#209448"))
    assert said(demo, "What colour is the box? Answer with one word.", images=[green]) == "green"
