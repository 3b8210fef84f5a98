"""One question to one model: what is refused, what is answered, at which pace."""

from __future__ import annotations

import asyncio
import binascii
import json
import re
import time
from collections.abc import AsyncGenerator
from typing import Any

from registry_project.demo.answers import decode, draw, known, picture
from registry_project.demo.embedding import STOP
from registry_project.demo.filling import BadSchema, Filler, choose_tool
from registry_project.demo.library import Model, sha
from registry_project.demo.server import Server, qualify
from registry_project.demo.wire import ApiError, Body, dumps, keep_alive

INTS = ("num_ctx", "num_predict", "seed", "top_k", "num_keep", "num_batch", "num_gpu", "num_thread")
FLOATS = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
SALT = 361  # the one that keeps the questions everybody tries first easy
LEVELS = (True, False, "low", "medium", "high", "max")
PHRASES = ("The answer is {}.", "It is {}.", "{}.", "That would be {}.")
UNKNOWN = (
    "You asked about {}. A demo model has no weights, so it cannot say more.",
    "About {}: this demo model holds no weights and only knows a few facts.",
)


def llama_error(text: str, **more: Any) -> ApiError:
    error = {"code": 400, "message": text, "type": "invalid_request_error", **more}
    return ApiError(400, dumps({"error": error}))


def tokens(text: str) -> list[str]:
    return re.findall(r"\s*\w{1,6}|\s*[^\w\s]|\s+", text)


class Ask:
    """One checked question to one model."""

    def __init__(self, server: Server, model: Model, body: Body, messages: list[Body]) -> None:
        self.server, self.model, self.body, self.name = server, model, body, body["model"]
        own = [] if any(m.get("role") == "system" for m in messages[:1]) or not model.system else [model.system]
        self.messages = [{"role": "system", "content": text} for text in own] + [*model.messages, *messages]
        self.options: Body = model.parameters | body.get("options", {})
        self.keep = keep_alive(body.get("keep_alive"))
        self.think = model.can("thinking") and body.get("think") is not False
        self.question: str = next((m.get("content", "") for m in reversed(messages) if m.get("role") == "user"), "")
        self.system = " ".join(m.get("content", "") for m in self.messages if m.get("role") == "system")
        self.prompt_tokens = sum(len(tokens(m.get("content", ""))) + 4 for m in self.messages)

    def check(self, ability: str) -> None:
        """Refuse what Ollama refuses before anything runs, in its order and words."""
        body, full = self.body, qualify(self.model.name)
        if not self.model.can("completion"):
            raise ApiError(400, f'"{self.name}" does not support {ability}')
        for field, needed in (("tools", "tools"), ("suffix", "insert")):
            if body.get(field) and not self.model.can(needed):
                raise ApiError(400, f"{full} does not support {needed}")
        think = body.get("think", False)
        if think not in LEVELS:
            levels = '"high", "medium", "low", "max", true, or false'
            if isinstance(think, str):
                raise ApiError(400, f'invalid think value: "{think}" (must be {levels})')
            raise ApiError(400, f"think must be a boolean or string ({levels})")
        if think and not self.model.can("thinking"):
            raise ApiError(400, f'"{self.name}" does not support thinking')
        if "ollama.com" not in self.model.remote.get("remote_host", "ollama.com"):
            raise ApiError(400, "this server cannot run this remote model")
        self.check_options()
        self.check_format()

    def check_options(self) -> None:
        number = int | float
        rules: list[tuple[tuple[str, ...], Any, str]] = [
            (("stop",), list, "array"),
            (INTS, number, "integer"),
            (FLOATS, number, "float32"),
        ]
        for names, wanted, told in rules:
            for name in names:
                value = self.options.get(name)
                if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
                    raise ApiError(500, f'option "{name}" must be of type {told}')

    def check_format(self) -> None:
        wanted = self.body.get("format") or "json"
        if wanted != "json" and not isinstance(wanted, dict):
            told = json.dumps(json.dumps(wanted))
            raise ApiError(500, f'invalid format: {told}; expected "json" or a valid JSON Schema object')

    def images(self) -> list[bytes]:
        try:
            images = [decode(image) for m in self.messages for image in m.get("images") or []]
        except (binascii.Error, ValueError) as error:
            raise ApiError(400, "illegal base64 data at input byte 4") from error
        if images and not self.model.can("vision"):
            if not self.server.at_least((0, 30, 0)):
                return []
            raise llama_error("Multimodal data provided, but model does not support multimodal requests.")
        return images

    def is_right(self) -> bool:
        """Hard questions are hard for all models; care in the system prompt helps a little, heat harms."""
        heat = float(self.options.get("temperature") or 0) - 1
        quality = self.model.quality + (0.05 if re.search("step by step|careful", self.system.lower()) else 0)
        quality += 0.05 * bool(self.model.adapters) - 0.1 * max(0.0, heat)
        asked = self.question.strip().lower()
        return 0.6 * draw(SALT, asked) + 0.4 * draw(self.model.blob, asked) < quality

    def find(self) -> str:
        """The bare answer, right or wrong; empty when this model cannot know."""
        looked = [picture(image) for image in self.images()]
        if looked and looked[-1] is None:
            raise llama_error("Failed to load image or audio file")
        found = looked[-1] if looked else known(self.question)
        if found is None:
            return ""
        right, wrong = found
        return right if self.is_right() else wrong[int(draw(self.question) * len(wrong))]

    def phrase(self, found: str) -> str:
        seed = self.options.get("seed", 0) if self.options.get("temperature", 0.8) > 0 else 0
        asked = f"{self.system} {self.question}".lower()
        if found and re.search(r"\b(one word|only|just|brief\w*|concise\w*|short\w*|terse\w*)\b", asked):
            return found
        if not found and re.match(r"(hi|hello|hey|who are you)\b", self.question.lower()):
            return f"Hello! I am {self.model.name}, a demo model without weights. Ask me a sum or a capital."
        topic = " ".join(w for w in self.question.split() if w.lower() not in STOP)[:200].rstrip("?.! ")
        choices = PHRASES if found else UNKNOWN
        text = choices[int(draw(seed, self.question) * len(choices)) if seed else 0].format(found or topic or "nothing")
        return text[0].upper() + text[1:]

    def structured(self, found: str) -> str:
        wanted = self.body["format"]
        if wanted == "json":
            key = re.search(r"\bkeys? (?:called |named )?\W?(\w+)", self.question)
            return json.dumps({key[1] if key else "answer": found or self.phrase("")}, indent=2)
        try:
            return json.dumps(Filler(self.question, found, wanted).value(wanted), indent=2)
        except (BadSchema, RecursionError) as error:
            if not self.server.at_least((0, 30, 0)):
                raise ApiError(500, "invalid JSON schema in format") from error
            bad = f'"json_schema": JSON schema conversion failed:\nUnrecognized schema: {dumps(wanted)}'
            raise llama_error(f"Field 'json_schema': {bad}") from error

    def compose(self) -> Body:
        """thinking, content and tool_calls of the whole answer."""
        last, found = self.messages[-1], self.find()
        call = choose_tool(self.question, self.body.get("tools", [])) if last.get("role") != "tool" else None
        thinking = f"The question is: {self.question} " + (f"I think it is {found}." if found else "I must guess.")
        told: Body = {"thinking": thinking if self.think else ""}
        if call and self.is_right():
            identity = f"call_{sha(self.question)[:8]}"
            return told | {"tool_calls": [{"id": identity, "function": {"index": 0, **call}}]}
        if last.get("role") == "tool":
            return told | {"content": PHRASES[0].format(str(last.get("content", "")).rstrip("."))}
        if self.body.get("suffix"):
            arguments = re.search(r"\(([^()]*)\):?\s*$", self.body.get("prompt", ""))
            return told | {
                "content": "\n    result = " + (arguments[1].replace(",", " +") if arguments else "None") + "\n"
            }
        return told | {"content": self.structured(found) if self.body.get("format") else self.phrase(found)}

    def pieces(self) -> tuple[list[Body], str]:
        """What is sent, token by token, and why it ends: stop or length."""
        whole, limit = self.compose(), int(self.options.get("num_predict", -1))
        content = whole.get("content", "")
        ends = [at for stop in self.options.get("stop", []) if (at := content.find(stop)) >= 0]
        content = content[: min(ends)] if ends else content
        all_of = [{"thinking": token, "content": ""} for token in tokens(whole["thinking"])]
        all_of += [{"content": token} for token in tokens(content)]
        context = min(int(self.options.get("num_ctx", 4096)), self.model.context or 4096)
        self.fit(context)
        room = max(1, context - self.prompt_tokens) if limit < 1 else limit
        calls = [{"content": "", "tool_calls": whole["tool_calls"]}] if "tool_calls" in whole else []
        return all_of[:room] + calls, "length" if len(all_of) > room else "stop"

    def fit(self, context: int) -> None:
        if self.prompt_tokens > context and self.body.get("truncate") is False:
            told = f"request ({self.prompt_tokens} tokens) exceeds the available context size ({context} tokens)"
            raise llama_error(
                f"{told}, try increasing it",
                type="exceed_context_size_error",
                n_prompt_tokens=self.prompt_tokens,
                n_ctx=context,
            )
        self.prompt_tokens = min(self.prompt_tokens, max(1, context - 1))

    async def events(self) -> AsyncGenerator[Body, None]:
        """The pieces at the model's pace; the last event has done_reason and the metrics."""
        started = time.perf_counter_ns()
        async with self.server.runners.use(self.model, self.options, self.keep) as load:
            pieces, reason = self.pieces()
            pace = self.server.token_delay * max(0.25, min(4.0, self.model.size / 5e9))
            begun = time.perf_counter_ns()
            await asyncio.sleep(pace)
            read = time.perf_counter_ns()
            for piece in pieces:
                await asyncio.sleep(pace)
                yield piece
        done = time.perf_counter_ns()
        last = {"done_reason": reason, "total_duration": done - started, "load_duration": load}
        last |= {"prompt_eval_count": self.prompt_tokens, "prompt_eval_duration": read - begun}
        yield last | {"eval_count": max(1, len(pieces)), "eval_duration": max(1000, done - read)}
