"""One call, and where its answer goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from unified_app.gateway.entries import ModelEntry
from unified_app.gateway.exchange import Call
from unified_app.gateway.http import Reply
from unified_app.gateway.line import Priority


@dataclass(slots=True)
class Order:
    """One call, and where its answer goes."""

    call: Call
    reply: Reply
    # The programs that this call comes from, the outermost first, and how many recipes they stand on.
    path: tuple[str, ...] = ()
    depth: int = 0
    priority: Priority = Priority.INTERACTIVE
    # The place in the model's line when it came; 0 for a call that did not wait.
    place: int = 0


# Returns the models that a name means; raises ModelNotFound.
Find = Callable[[str], list[ModelEntry]]
# Answers an order by the first of the models that can.
Answering = Callable[[Order, list[ModelEntry]], Awaitable[None]]
