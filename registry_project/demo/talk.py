"""Chat, generate and embed: what is refused, what is said, at which pace."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

from registry_project.demo.knowledge import draw, embedding
from registry_project.demo.server import ApiError, Body, Lines, Server, moment, sha
from registry_project.demo_skills import BARE, answer_of
from registry_project.demo_tools import choose_tools, filled

SALT = 361  # the one that keeps the questions everybody tries first easy
PHRASES = ("The answer is {}.", "It is {}.", "{}.", "That would be {}.")
UNKNOWN = "You asked about {}. A demo model has no weights, so it cannot say more."
NO_IMAGES = "Multimodal data provided, but model does not support multimodal requests."


def tokens(text: str) -> list[str]:
    return re.findall(r"\s*\w{1,6}|\s*[^\w\s]|\s+", text)


def keep_alive(value: Any) -> float | None:
    """Seconds, infinity for negative values; None when not given."""
    if parts := re.fullmatch(r"(-?[\d.]+)(ms|h|m|s)", str(value)):
        value = float(parts[1]) * {"h": 3600, "m": 60, "s": 1, "ms": 0.001}[parts[2]]
    seconds = None if value in (None, "") else float(value)
    return seconds if seconds is None or seconds >= 0 else float("inf")


async def embed(server: Server, body: Body) -> Lines:
    texts, body["stream"] = body.get("input") or [], False
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ApiError(400, "invalid input type")
    model = server.find(body["model"], 'model "{}" not found, try pulling it first')
    if not model.can("embedding"):
        raise ApiError(501, "This server does not support embeddings. Start it with `--embeddings`")
    width, started = model.tag["details"]["embedding_length"], time.perf_counter_ns()
    async with server.use(model, body["options"], keep_alive(body.get("keep_alive"))) as load:
        rows = [embedding(text, width, model.quality, body.get("dimensions", width)) for text in texts]
    took = {"total_duration": time.perf_counter_ns() - started, "load_duration": load}
    took["prompt_eval_count"] = sum(len(tokens(text)) + 2 for text in texts)
    yield {"model": body["model"], "embeddings": rows} | (took if rows else {})


class Ask:
    """One question to one model; without a question the model is only loaded or unloaded."""

    def __init__(self, server: Server, body: Body, verb: str) -> None:
        self.server, self.body, self.verb, self.options = server, body, verb, body["options"]
        self.model, self.keep = server.find(body["model"]), keep_alive(body.get("keep_alive"))
        prompt = {"role": "user", "content": body["prompt"], "images": body.get("images")}
        messages: list[Body] = body["messages"] if verb == "chat" else [prompt] * bool(body["prompt"])
        self.last = messages[-1] if messages else {}
        asked = [message.get("content") or "" for message in messages if message.get("role") == "user"]
        self.question, self.text = asked[-1] if asked else "", " ".join(asked)
        if messages or self.keep != 0:
            self.check()

    def check(self) -> None:
        """Refuse what Ollama refuses before anything runs, in its order and words."""
        body, can, name = self.body, self.model.can, self.body["model"]
        full = f"registry.ollama.ai/{'' if '/' in name else 'library/'}{self.model.tag['name']}"
        rules = (
            (not can("completion"), f'"{name}" does not support {self.verb}'),
            (body["tools"] and not can("tools"), f"{full} does not support tools"),
            (body["suffix"] and not can("insert"), f"{full} does not support insert"),
            (body.get("think") and not can("thinking"), f'"{name}" does not support thinking'),
            (self.last.get("images") and not can("vision"), NO_IMAGES),
        )
        if refusal := next((text for refused, text in rules if refused), None):
            raise ApiError(400, refusal)

    def is_right(self) -> bool:
        """Hard questions are hard for all models."""
        asked = self.question.strip().lower()
        return 0.6 * draw(SALT, asked) + 0.4 * draw(self.model.blob, asked) < self.model.quality

    def content(self, found: str) -> str:
        if self.last.get("role") == "tool":
            return PHRASES[0].format(self.last["content"])
        if wanted := self.body.get("format"):
            return json.dumps({"answer": found} if wanted == "json" else filled(wanted, self.question, found))
        if not found:
            return UNKNOWN.format(self.question[:200].rstrip("?.! ") or "nothing")
        if BARE.search(self.question.lower()):
            return found
        return PHRASES[int(draw(self.options.get("seed"), self.question) * len(PHRASES))].format(found)

    def pieces(self) -> list[Body]:
        """The whole answer, token by token: thoughts, then a call or words."""
        right, wrong = answer_of(self.question, self.last.get("images"))
        found = right if not right or self.is_right() else wrong[int(draw(self.question) * len(wrong))]
        thinks = self.model.can("thinking") and self.body.get("think") is not False
        thoughts = f"The question is: {self.question} I think of {found or 'nothing'}." if thinks else ""
        pieces: list[Body] = [{"thinking": token} for token in tokens(thoughts)]
        calls = choose_tools(self.question, self.body["tools"]) if self.last.get("role") == "user" else []
        if calls and self.is_right():
            ids = [f"call_{sha(f'{self.question}{place or str()}')[:8]}" for place in range(len(calls))]
            told = [{"id": id, "function": call} for id, call in zip(ids, calls, strict=True)]
            return [*pieces, {"tool_calls": told}]
        return pieces + [{"content": token} for token in tokens(self.content(found))]

    def line(self, said: Body, **more: Any) -> Body:
        remote = {key: value for key, value in self.model.tag.items() if key.startswith("remote_")}
        line = {"model": self.body["model"], **remote, "created_at": moment(), "done": bool(more), **more}
        if self.verb == "chat":
            return line | {"message": {"role": "assistant", "content": "", **said}}
        return line | {"response": said.pop("content", ""), **said}

    async def lines(self) -> Lines:
        """Token by token and the metrics at last, or all in one line."""
        async with self.server.use(self.model, self.options, self.keep) as load:
            if not self.last:
                self.body["stream"] = False
                yield self.line({}, done_reason="unload" if self.keep == 0 else "load")
                return
            started, said, whole = time.perf_counter_ns(), dict[str, Any](), self.pieces()
            limit = int(self.options.get("num_predict", 0))
            pieces = whole[:limit] if limit > 0 else whole
            for piece in pieces:
                await asyncio.sleep(self.server.token_delay * self.model.tag["size"] / 5e9)
                if self.body["stream"]:
                    yield self.line(piece)
                else:
                    said |= {key: said.get(key, type(value)()) + value for key, value in piece.items()}
            took = time.perf_counter_ns() - started
        metrics: Body = {"total_duration": load + took, "load_duration": load, "eval_duration": took * 9 // 10}
        metrics |= {"prompt_eval_count": len(tokens(self.text)) + 4, "prompt_eval_duration": took // 10}
        metrics |= {"eval_count": len(pieces), "done_reason": "stop" if len(pieces) == len(whole) else "length"}
        yield self.line(said, **metrics)
