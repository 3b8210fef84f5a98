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

# State.take, refuse and hold in one step over all processes, by the clock of the Redis server.
_SCRIPT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local names = {'held', 'cap', 'cap_end', 'm_start', 'm_end', 'm_count', 'm_refused',
               'd_start', 'd_end', 'd_count', 'd_refused'}
local s = {}
for i, v in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do s[names[i]] = tonumber(v) or 0 end
local op, margin = ARGV[1], tonumber(ARGV[2])
local lengths = {m = tonumber(ARGV[3]), d = tonumber(ARGV[4])}
local wait = 0

local function room(w, limit)
  if limit and now < s[w .. '_end'] and s[w .. '_count'] >= limit then
    wait = math.max(wait, s[w .. '_end'] - now)
  end
end

if op == 'take' then
  local minute, day = tonumber(ARGV[5]), tonumber(ARGV[6])
  if s.cap > 0 and now < s.cap_end then minute = math.min(s.cap, minute or s.cap) end
  wait = math.max(0, s.held - now)
  room('m', minute)
  room('d', day)
  if wait > 0 then return tostring(wait) end
  for w, length in pairs(lengths) do
    if now >= s[w .. '_end'] then
      s[w .. '_start'], s[w .. '_end'] = now, now + length + margin
      s[w .. '_count'], s[w .. '_refused'] = 0, 0
    end
    s[w .. '_count'] = s[w .. '_count'] + 1
  end
elseif op == 'refuse' then
  local w, seconds, told = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
  s[w .. '_refused'] = s[w .. '_refused'] + 1
  local ours = s[w .. '_count'] > 0 and now + seconds - lengths[w] >= s[w .. '_start'] - margin
  if w == 'm' and (told > 0 or ours) then
    s.cap = told > 0 and told or math.max(1, s.m_count - s.m_refused)
    s.cap_end = now + tonumber(told > 0 and ARGV[8] or ARGV[9])
  end
  s[w .. '_end'] = now + seconds + margin
  s.held = math.max(s.held, s[w .. '_end'])
else
  s.held = math.max(s.held, now + tonumber(ARGV[5]))
end

local flat = {}
for name, value in pairs(s) do
  flat[#flat + 1] = name
  flat[#flat + 1] = string.format('%.6f', value)
end
redis.call('HSET', KEYS[1], unpack(flat))
redis.call('EXPIRE', KEYS[1], math.ceil(math.max(s.held, s.cap_end, s.m_end, s.d_end) - now) + 1)
return tostring(wait)
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
        return self._run(key, "take", *numbers)

    def left(self, key: str, limits: Limits) -> Left | None:
        found = self._asked(lambda: (self._redis.time(), self._redis.hgetall(_name(key))))
        if found is None:
            return None
        (seconds, micros), told = found
        return _state(told).left(limits, seconds + micros / 1e6)

    def refuse(self, key: str, span: Span, seconds: float, told: int) -> float | None:
        return self._run(key, "refuse", span[0], seconds, told, TOLD_SECONDS, COUNTED_SECONDS)

    def hold(self, key: str, seconds: float) -> float | None:
        return self._run(key, "hold", seconds)

    def _run(self, key: str, operation: str, *arguments: float | str) -> float | None:
        given = (operation, MARGIN_SECONDS, MINUTE, DAY, *arguments)
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
    fields = {name.decode(): float(value) for name, value in told.items()}
    minute, day = (_window(fields, letter) for letter in "md")
    cap, cap_end = int(fields.get("cap", 0)), fields.get("cap_end", 0.0)
    return State(fields.get("held", 0.0), cap, cap_end, minute, day)


def _window(fields: Mapping[str, float], letter: str) -> Window:
    start, end, count, refused = (fields.get(f"{letter}_{name}", 0.0) for name in ("start", "end", "count", "refused"))
    return Window(start, end, int(count), int(refused))
