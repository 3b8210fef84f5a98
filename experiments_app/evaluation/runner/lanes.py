"""Which calls may be made next: the models of a run in lanes, one for the places that answer for them. Pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Calls of one run that are under way at once, over all models.
MAX_AT_ONCE = 64


@dataclass(frozen=True)
class Task:
    """One case for one model; `model` and `case` are places in the run's lists."""

    model: int
    case: int
    repeat: int
    # Calls made for it before this one.
    attempts: int = 0
    # It was in flight when a worker died.
    was_lost: bool = False
    # Judges are asked anew, whatever they said before.
    asks_anew: bool = False


class Lane:
    """The places that several models share. Threads pause it and look at it, so it is one attribute at a time."""

    def __init__(self, name: str, limit: int, *, is_local: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.limit, self.is_local = name, limit, is_local
        self.in_flight = 0
        self.queues: deque[Queue] = deque()
        self._clock = clock
        self._paused_until = 0.0
        # Since when it has only been told to wait.
        self._waiting_since: float | None = None

    @property
    def pause_left(self) -> float:
        return max(0.0, self._paused_until - self._clock())

    @property
    def waited(self) -> float:
        """Return the seconds since it was first told to wait, without an answer in between."""
        since = self._waiting_since
        return 0.0 if since is None else self._clock() - since

    def pause(self, seconds: float) -> None:
        now = self._clock()
        self._paused_until = max(self._paused_until, now + seconds)
        self._waiting_since = now if self._waiting_since is None else self._waiting_since

    def answered(self) -> None:
        self._waiting_since = None

    @property
    def is_over(self) -> bool:
        return not self.in_flight and not any(queue.left for queue in self.queues)


@dataclass
class Queue:
    """What is still to be done for one model: `left` of the tasks that `source` yields, and those put back."""

    source: Iterator[Task]
    left: int
    again: list[Task] = field(default_factory=list)

    def take(self) -> Task | None:
        task = self.again.pop() if self.again else next(self.source, None) if self.left else None
        self.left = self.left - 1 if task else 0
        return task

    def put_back(self, task: Task) -> None:
        self.again.append(task)
        self.left += 1

    def close(self) -> None:
        self.again, self.left = [], 0


class Schedule:
    """Hands out tasks within all limits: of each lane, of local models at once, and of the whole run."""

    def __init__(self, queues: list[Queue], lanes: list[Lane], *, local_at_once: int, most: int = MAX_AT_ONCE) -> None:
        """`lanes[i]` is the lane of `queues[i]`; models that share places have the same one."""
        self._queues, self._lanes = queues, lanes
        self._local_at_once, self._most = max(1, local_at_once), most
        for queue, lane in zip(queues, lanes, strict=True):
            lane.queues.append(queue)
        self._distinct = list(dict.fromkeys(lanes))

    def take(self) -> list[Task]:
        """Return the tasks that may begin now; each counts as under way until it is `ended`."""
        taken: list[Task] = []
        open_lanes = self._open()
        # Calls that wait out a pause hold no place that others could use.
        room = self._most - sum(lane.in_flight for lane in self._distinct if not lane.pause_left)
        while open_lanes and room > 0:
            for lane in list(open_lanes):
                task = _next(lane) if lane.in_flight < lane.limit and room > 0 else None
                if task is None:
                    open_lanes.remove(lane)
                    continue
                lane.in_flight += 1
                room -= 1
                taken.append(task)
        return taken

    def ended(self, task: Task) -> None:
        self._lanes[task.model].in_flight -= 1

    def put_back(self, task: Task, *, pause: float) -> None:
        """Let a task be done again, no sooner than after `pause` seconds."""
        self._queues[task.model].put_back(task)
        self._lanes[task.model].pause(pause)

    def close(self, model: int) -> None:
        """Let nothing more of a model begin."""
        self._queues[model].close()

    def close_all(self) -> None:
        for queue in self._queues:
            queue.close()

    @property
    def in_flight(self) -> int:
        return sum(lane.in_flight for lane in self._distinct)

    @property
    def is_over(self) -> bool:
        return all(lane.is_over for lane in self._distinct)

    @property
    def next_look(self) -> float:
        """Return the seconds until a pause ends; a minute when there is none."""
        pauses = [lane.pause_left for lane in self._distinct if not lane.is_over]
        return min((pause for pause in pauses if pause), default=60.0)

    def _open(self) -> list[Lane]:
        """Return the lanes that may begin something: not paused, and of the local ones the first few unfinished."""
        unfinished = [lane for lane in self._distinct if not lane.is_over]
        local = [lane for lane in unfinished if lane.is_local][: self._local_at_once]
        return [lane for lane in unfinished if not lane.pause_left and (not lane.is_local or lane in local)]


def _next(lane: Lane) -> Task | None:
    """Return a task of the lane's models, which take turns."""
    for _ in range(len(lane.queues)):
        lane.queues.rotate(-1)
        if task := lane.queues[-1].take():
            return task
    return None
