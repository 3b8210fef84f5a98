"""The states of pacing in Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import redis

from unified_app.pacing_state import (
    COUNTED_SECONDS,
    DAY,
    LENGTHS,
    MARGIN_SECONDS,
    MINUTE,
    TOLD_SECONDS,
    Left,
    Limits,
    Span,
    State,
    Window,
)

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.25
# How long a Redis that did not answer is left alone: each call would wait for it.
PAUSE_SECONDS = 5.0

Answer = TypeVar("Answer")

_FIELDS = ("start", "end", "count", "refused", "cap", "cap_end", "is_told")
# State.take, State.refuse and a hold in one step over all processes, by the clock of the Redis server.
_SCRIPT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local fields = {'start', 'end', 'count', 'refused', 'cap', 'cap_end', 'is_told'}
local found = redis.call('HGETALL', KEYS[1])
local told = {}
for i = 1, #found, 2 do told[found[i]] = tonumber(found[i + 1]) end
local held = told.held or 0
local windows = {minute = {}, day = {}}
for span, w in pairs(windows) do
  for _, name in ipairs(fields) do w[name] = told[span .. ':' .. name] or 0 end
end
local op, margin = ARGV[1], tonumber(ARGV[2])

local function wait()
  local m, d = windows.minute, windows.day
  local per_minute, per_day, known = tonumber(ARGV[5]), nil, tonumber(ARGV[6])
  if now < m.cap_end then per_minute = m.is_told > 0 and m.cap or math.min(m.cap, per_minute or m.cap) end
  if now < d.cap_end then per_day = d.is_told > 0 and d.cap or math.max(d.cap, known or 0) end
  if per_day == 0 then per_day = nil end
  local last = held
  if per_minute and now < m['end'] and m.count >= per_minute then last = math.max(last, m['end']) end
  if per_day and now < d['end'] and d.count >= per_day then last = math.max(last, d['end']) end
  return math.max(0, last - now)
end

local function take()
  for span, length in pairs({minute = tonumber(ARGV[3]), day = tonumber(ARGV[4])}) do
    local w = windows[span]
    if now >= w['end'] then w.start, w['end'], w.count, w.refused = now, now + length + margin, 0, 0 end
    w.count = w.count + 1
  end
end

local function refuse(span, length, seconds, limit, believed)
  local w = windows[span]
  w.refused = w.refused + 1
  local ours = now + seconds - length >= w.start - margin
  local passed = ours and math.max(0, w.count - w.refused) or 0
  if limit > 0 or passed > 0 or span == 'day' then
    w.cap, w.is_told = limit > 0 and limit or passed, limit > 0 and 1 or 0
    w.cap_end = now + believed
  end
  w['end'] = now + seconds + margin
  held = math.max(held, w['end'])
end

if op == 'take' then
  local seconds = wait()
  if seconds > 0 then return string.format('%.6f', seconds) end
  take()
elseif op == 'refuse' then
  refuse(ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
else
  held = math.max(held, now + tonumber(ARGV[3]))
end

local flat, last = {'held', string.format('%.6f', held)}, held
for span, w in pairs(windows) do
  last = math.max(last, w['end'], w.cap_end)
  for _, name in ipairs(fields) do
    flat[#flat + 1] = span .. ':' .. name
    flat[#flat + 1] = string.format('%.6f', w[name])
  end
end
redis.call('HSET', KEYS[1], unpack(flat))
redis.call('EXPIRE', KEYS[1], math.max(1, math.ceil(last - now)))
return '0'
"""


class RedisStates:
    """Each method returns None when Redis does not answer in time; that is logged once until it answers again."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
        self._script = self._redis.register_script(_SCRIPT)
        self._away_until = 0.0
        self._is_away = False

    def take(self, key: str, limits: Limits) -> float | None:
        numbers = ("" if limit is None else limit for limit in (limits.per_minute, limits.per_day))
        return self._run(key, "take", MINUTE, DAY, *numbers)

    def left(self, key: str, limits: Limits) -> Left | None:
        found = self._asked(lambda: (self._redis.time(), self._redis.hgetall(_name(key))))
        if found is None:
            return None
        (seconds, micros), told = found
        return _state(told).left(limits, seconds + micros / 1e6)

    def refuse(self, key: str, span: Span, seconds: float, told: int) -> float | None:
        believed = (TOLD_SECONDS if told else COUNTED_SECONDS)[span]
        return self._run(key, "refuse", span, LENGTHS[span], seconds, told, believed)

    def hold(self, key: str, seconds: float) -> float | None:
        return self._run(key, "hold", seconds)

    def _run(self, key: str, operation: str, *arguments: float | str) -> float | None:
        given = (operation, MARGIN_SECONDS, *arguments)
        answer: Any = self._asked(lambda: self._script(keys=[_name(key)], args=given))
        return None if answer is None else float(answer)

    def _asked(self, question: Callable[[], Answer]) -> Answer | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            answer = question()
        except redis.RedisError as error:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            if not self._is_away:
                logger.warning("Redis does not answer (%s): this process paces calls alone", type(error).__name__)
            self._is_away = True
            return None
        self._is_away = False
        return answer


def _name(key: str) -> str:
    return f"pace:{key}"


def _state(told: Mapping[Any, Any]) -> State:
    numbers = {name.decode(): float(value) for name, value in told.items()}
    return State(numbers.get("held", 0.0), _window(numbers, "minute"), _window(numbers, "day"))


def _window(numbers: Mapping[str, float], span: Span) -> Window:
    start, end, count, refused, cap, cap_end, is_told = (numbers.get(f"{span}:{name}", 0.0) for name in _FIELDS)
    return Window(start, end, int(count), int(refused), int(cap), cap_end, bool(is_told))
