"""Answers without weights: arithmetic, facts, pictures, and the quality by which models differ."""

from __future__ import annotations

import ast
import base64
import hashlib
import operator
import re
import struct
import zlib
from collections.abc import Callable

from registry_project.demo.embedding import concepts

Known = tuple[str, list[str]]  # the right answer and wrong ones of its kind
FACTS = """
capital france=Paris; capital spain=Madrid; capital italy=Rome; capital germany=Berlin; capital japan=Tokyo
capital austria=Vienna; capital portugal=Lisbon; capital egypt=Cairo; capital canada=Ottawa; capital australia=Canberra
capital poland=Warsaw; capital greece=Athens; capital norway=Oslo; capital brazil=Brasília; capital india=New Delhi
colour sky=blue; colour grass=green; colour blood=red; colour snow=white; colour coal=black; colour banana=yellow
many day week=7; many day year=365; many month year=12; many hour day=24; many minute hour=60; many second minute=60
many metre kilometre=1000; many gram kilogram=1000; many leg spider=8; many leg dog=4; many side triangle=3
day after monday=Tuesday; day after friday=Saturday; day before monday=Sunday; day before friday=Thursday
largest planet=Jupiter; closest planet sun=Mercury; red planet=Mars; language brazil=Portuguese; language austria=German
wrote hamlet=William Shakespeare; wrote faust=Johann Wolfgang von Goethe; painted mona lisa=Leonardo da Vinci
chemical symbol water=H2O; chemical symbol gold=Au; chemical symbol iron=Fe; chemical symbol oxygen=O
opposite hot=cold; opposite big=small; opposite fast=slow; opposite light=dark; opposite up=down
french hello=bonjour; german hello=hallo; spanish hello=hola; plural mouse=mice; plural child=children
name three colours=red, green, blue; first month=January; last month=December; boiling point water=100 °C
"""
TABLE = [
    (concepts(keys), keys.split()[0], value)
    for keys, _, value in (f.strip().partition("=") for f in re.split("[;\n]", FACTS.strip()))
]
OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
SIGNS = (
    *((r"multiplied by|times|(?<=[\d )])[x×](?=[\d (])", "*"), (r"divided by|over|÷", "/")),
    *((r"(?:percent|%) of", "/100*"), (r"plus|added to", "+"), (r"minus|−", "-")),
)
COLOURS = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (220, 30, 30), "green": (30, 160, 50), "blue": (30, 60, 220),
    "yellow": (240, 220, 40), "grey": (128, 128, 128), "orange": (255, 140, 0), "purple": (130, 40, 150),
}  # fmt: skip
GOOD = "good great love excellent wonderful perfect happy enjoyed best fantastic amazing"
BAD = "bad awful terrible hate poor worst boring broken disappointing sad horrible"


def draw(*parts: object) -> float:
    """A number below 1 that is the same each time for the same parts."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def reckon(node: ast.AST) -> float:
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](reckon(node.left), reckon(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -reckon(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    raise ValueError


def arithmetic(question: str) -> Known | None:
    text = re.sub(r"\d+-\d+-\d+", "", question.lower())[-400:]  # a date is no sum
    for pattern, sign in SIGNS:
        text = re.sub(pattern, sign, text)
    found = max(re.findall(r"[-(\d][\d\s.+\-*/()]*[\d)]", text), key=len, default="")
    try:
        value = reckon(ast.parse(found.strip(), mode="eval").body) if re.search(r"\d\s*[-+*/]", found) else None
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError, OverflowError, RecursionError):
        return None
    if value is None:
        return None
    told = [f"{round(value + change, 4):.15g}" for change in (0, 1, -2, 10)]
    return told[0], told[1:]


def fact(question: str) -> Known | None:
    asked = set(concepts(question))
    fitting = [(len(keys), kind, value) for keys, kind, value in TABLE if asked.issuperset(keys)]
    if not fitting:
        return None
    _, kind, value = max(fitting)
    return value, [other for _, same, other in TABLE if same == kind and other != value] or ["I am not sure"]


def feeling(question: str) -> Known | None:
    if not re.search(r"sentiment|positive or negative|negative or positive", question.lower()):
        return None
    words = set(re.findall(r"\w+", question.lower()))
    score = len(words & set(GOOD.split())) - len(words & set(BAD.split()))
    right, wrong = ("positive", "negative") if score > 0 else ("negative", "positive")
    return ("neutral", [right, wrong]) if score == 0 and "neutral" in words else (right, [wrong])


def counting(question: str) -> Known | None:
    found = re.search(r"count (?:up )?(?:from \w+ )?to (\d{1,4})", question.lower())
    return (", ".join(str(n) for n in range(1, int(found[1]) + 1)), ["1, 2, 4, 3"]) if found else None


def known(question: str) -> Known | None:
    skills = (counting, feeling, arithmetic, fact)
    return next((found for skill in skills if (found := skill(question))), None)


def picture(data: bytes) -> Known | None:
    """Size and colour of a PNG (of its first pixel, which needs no unfiltering); the kind of others."""
    if not data.startswith(b"\x89PNG"):
        kinds = {b"\xff\xd8": "JPEG", b"RIFF": "WebP", b"GIF8": "GIF"}
        kind = next((name for start, name in kinds.items() if data.startswith(start)), None)
        return (f"a {kind} image", ["an empty page"]) if kind else None
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    name, chunks, at = "coloured", b"", 8
    while at + 8 <= len(data):
        size, kind_of = struct.unpack(">I4s", data[at : at + 8])
        chunks += data[at + 8 : at + 8 + size] if kind_of == b"IDAT" else b""
        at += size + 12
    if depth == 8 and colour in (2, 6):
        pixel = zlib.decompressobj().decompress(chunks, 4)[1:4]
        name = min(COLOURS, key=lambda each: sum((a - b) ** 2 for a, b in zip(COLOURS[each], pixel, strict=False)))
    return f"a {name} image of {width} x {height} pixels", [f"a {c} image" for c in COLOURS if c != name]


def decode(image: str) -> bytes:
    """Raises binascii.Error where Ollama's decoder would refuse."""
    return base64.b64decode(image, validate=True)
