"""The calls that wait for one model, class by class."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from enum import IntEnum

from unified_app.errors import InvalidInput

HEADER = "X-Registry-Priority"
_SENT = HEADER.lower().encode()


class Priority(IntEnum):
    """The classes of calls, in the order in which they are served."""

    INTERACTIVE = 0
    BATCH = 1
    EVALUATION = 2


_CLASSES = {priority.name.lower().encode(): priority for priority in Priority}
# True: the place is given. False: a call of a higher class has taken this one's place in the line.
Turn = asyncio.Future[bool]


def priority_of(headers: Mapping[bytes, bytes]) -> Priority:
    """Return the class that a caller asks for. Raises InvalidInput for one that does not exist."""
    sent = headers.get(_SENT)
    if sent is None:
        return Priority.INTERACTIVE
    try:
        return _CLASSES[sent.strip().lower()]
    except KeyError:
        told = f"{HEADER} is one of {', '.join(name.decode() for name in _CLASSES)}."
        raise InvalidInput(told, details={HEADER: [told]}) from None


class Line:
    """First come first served within a class; a class is served when nobody of a higher one waits."""

    __slots__ = ("_turns",)

    def __init__(self) -> None:
        self._turns: tuple[deque[Turn], ...] = tuple(deque() for _ in Priority)

    def __len__(self) -> int:
        return sum(map(len, self._turns))

    def ahead_of(self, priority: Priority) -> int:
        """Return how many would be served before a call of this class that comes now."""
        return sum(map(len, self._turns[: priority + 1]))

    def of(self, priority: Priority) -> deque[Turn]:
        return self._turns[priority]

    def join(self, priority: Priority) -> Turn:
        turn: Turn = asyncio.get_running_loop().create_future()
        self._turns[priority].append(turn)
        return turn

    def displace(self, priority: Priority) -> bool:
        """Send the call away that came last of the lowest class, if that is below `priority`; tell whether one went."""
        for turns in reversed(self._turns[priority + 1 :]):
            if turns:
                turn = turns.pop()
                if not turn.done():
                    turn.set_result(False)
                return True
        return False
