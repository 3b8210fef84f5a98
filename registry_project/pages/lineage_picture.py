"""A model's family as a picture: one row for each model, which is as readable on a phone as on a desk. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

MOST = 50
ROW, STEP, LEFT, SIZE = 40, 24, 16, 6
NAME_LENGTH = 38
# What a relative is: of those that the model is made from, and of those that are made from it.
ABOVE = {"base": "its base", "member": "a member", "judge": "the judge"}
BELOW = {"base": "made from it", "member": "has it as a member", "judge": "has it as a judge"}


@dataclass(frozen=True)
class Node:
    """A model in the picture; `note` says what it is to its neighbour."""

    id: str
    name: str
    x: int
    y: int
    note: str = ""
    is_self: bool = False
    is_retired: bool = False

    @property
    def label(self) -> str:
        if len(self.name) <= NAME_LENGTH:
            return self.name
        half = (NAME_LENGTH - 1) // 2
        return f"{self.name[:half]}…{self.name[-half:]}"

    @property
    def text_x(self) -> int:
        return self.x + SIZE + 8


@dataclass(frozen=True)
class Picture:
    nodes: list[Node] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left_out: int = 0

    @property
    def height(self) -> int:
        return ROW * len(self.nodes) + 8


def picture(model_id: str, name: str, told: dict[str, list[dict[str, Any]]]) -> Picture:
    """Return the picture of what `lineage` told: the oldest on top, the model itself, then what is made from it."""
    above, below = _ancestors(told["ancestors"]), _descendants(model_id, told["descendants"])
    depth = max((row["depth"] for row in above), default=0)
    room = max(0, MOST - 1 - len(above))
    ordered = [(row, depth - row["depth"], ABOVE[row["role"]]) for row in above[: MOST - 1]]
    ordered.append(({"id": model_id, "name": name, "status": ""}, depth, ""))
    ordered += [(row, depth + row["depth"], BELOW[row["role"]]) for row in below[:room]]
    nodes = [_node(row, column, at, note, model_id) for at, (row, column, note) in enumerate(ordered)]
    lines = _lines({node.id: node for node in nodes}, told)
    return Picture(nodes, lines, len(above) + len(below) + 1 - len(nodes))


def _node(row: dict[str, Any], column: int, at: int, note: str, own: str) -> Node:
    is_retired = row["status"] == "retired"
    said = f"{note}, archived" if is_retired else note
    return Node(row["id"], row["name"], LEFT + column * STEP, ROW * at + ROW // 2, said, row["id"] == own, is_retired)


def _ancestors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, where it is farthest; the farthest first."""
    farthest = {row["id"]: row for row in sorted(rows, key=lambda row: row["depth"])}
    return sorted(farthest.values(), key=lambda row: -row["depth"])


def _descendants(start: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, below the first that it is made from."""
    children: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[str] = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            children[row["of"]].append(row)
    found: list[dict[str, Any]] = []
    waiting = children[start][::-1]
    while waiting:
        row = waiting.pop()
        found.append(row)
        waiting += children[row["id"]][::-1]
    return found


def _lines(nodes: dict[str, Node], told: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the path of each step between two models that are both shown: down from the older, then to the newer."""
    steps = [(row["id"], row["of"]) for row in told["ancestors"]] + [
        (row["of"], row["id"]) for row in told["descendants"]
    ]
    pairs = [(nodes[old], nodes[new]) for old, new in dict.fromkeys(steps) if old in nodes and new in nodes]
    return [f"M{old.x} {old.y + SIZE} V{new.y} H{new.x - SIZE}" for old, new in pairs]
