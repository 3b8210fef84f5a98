"""Embeddings without weights: every concept is a fixed random direction, a text is the sum of its concepts."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable
from functools import lru_cache

GOOD = 0.8  # from this quality on a model knows synonyms and ignores small words
STOP_WORDS = """
a an and are as at be been by can could did do does for from had has have he her his i if in is it its me my not of on
or our she so that the their them there they this to too us very was we were what when which will with won would you
your please any more one some than then these those who how
"""
STOP = set(STOP_WORDS.split())
GROUPS = """
france french; paris; city town; state country; forgot reset; change alter; cat kitten; sleep asleep; sofa couch
buy purchase order bought; cheap inexpensive; shoe footwear; shop store sell; move postpone; send mail; invoice bill
car automobile; rain rainy; doctor physician; hospital clinic; woman female; old age; universe cosmos; film movie
boring dull; run jog; every each; child children kid; garden yard; cancel stop call; company firm; fire dismiss
director boss; switch turn; light lamp; empty dead; phone mobile; house home; expensive cost price; leave depart
student pupil; pass succeed; exam test; big large; see saw seen; rise rose up; parcel package; late delay
arrive deliver; repair fix; bicycle bike; road street; close block; happy glad; result outcome; baby infant
cry weep; contract agreement; end expire; cold chilly; write wrote author; ship boat; sink sank; free available
night tonight; explain clarify; problem trouble; fly flight plane migrate; computer pc; slow fast; knife blade
sharp cut; dress gown; museum gallery; soldier army; win won victorious; battle fight; sweet sugary; taste flavour
two pair; recipe dish; high tall; tax taxe; fever temperature; patient sick; break broken smash; lose lost missing
defeat; match game; make made; judge court; free release; thief robber; software program; bug error; sing singing
beautiful lovely; grow plant; build built construction; sea ocean; leak drip; machine maker; colour color hue
add plus sum total addition; multiply times product multiplication; subtract minus; divide division; weather forecast
"""


def stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("ly", ""), ("es", "e"), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
    return word


SYNONYMS = {
    stem(word): stem(group.split()[0])
    for group in GROUPS.strip().replace("\n", ";").split(";")
    for word in group.split()
}


def concepts(text: str) -> list[str]:
    words = [stem(word) for word in re.findall(r"\w+", text.lower()) if word not in STOP]
    return [SYNONYMS.get(word, word) for word in words]


@lru_cache(maxsize=2048)
def direction(concept: str, width: int) -> list[float]:
    chance = random.Random(concept)
    return [chance.gauss(0, 1) for _ in range(width)]


def unit(vector: Iterable[float]) -> list[float]:
    numbers = list(vector)
    length = math.hypot(*numbers) or 1.0
    return [round(number / length, 8) for number in numbers]


def embed(text: str, width: int, quality: float, dimensions: int | None = None) -> list[float]:
    """A poorer model takes each word as it is and blurs the text as a whole."""
    words = concepts(text) if quality >= GOOD else re.findall(r"\w+", text.lower())
    blur = [(1 - quality) * 2 * number for number in direction(f"whole text: {text}", width)]
    whole = map(sum, zip(blur, *(direction(word, width) for word in words), strict=True))
    return unit(list(whole)[: dimensions or width])
