"""Chat, generate and embed: the native calls and the shapes of their lines."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

from aiohttp import web

from registry_project.demo.ask import Ask, tokens
from registry_project.demo.embedding import embed
from registry_project.demo.server import SERVER, Server
from registry_project.demo.wire import ApiError, Body, answer, keep_alive, read_body, send_lines, stamp, type_error

Shape = Callable[[Ask, Body, bool], Body]


async def collect(events: AsyncGenerator[Body, None]) -> Body:
    whole: Body = {"content": ""}
    async for event in events:
        joined = {key: whole.get(key, "") + event[key] for key in ("content", "thinking") if key in event}
        whole |= event | joined
    return whole


def head(ask: Ask) -> Body:
    return {"model": ask.name, **ask.model.remote, "created_at": stamp(time.time_ns(), utc=True)}


def chat_line(ask: Ask, event: Body, done: bool) -> Body:
    parts = ("content", "thinking", "tool_calls")
    message = {"role": "assistant", "content": ""} | {key: event[key] for key in parts if event.get(key)}
    return head(ask) | {"message": message, "done": done} | {k: v for k, v in event.items() if k not in parts and v}


def generate_line(ask: Ask, event: Body, done: bool) -> Body:
    line = head(ask) | {"response": event.get("content", "")}
    line |= {"thinking": event["thinking"]} if event.get("thinking") else {}
    context = (
        {"context": [len(t) for t in tokens(ask.question)]} if "eval_count" in event and not ask.body.get("raw") else {}
    )
    rest = {k: v for k, v in event.items() if k not in ("content", "thinking") and v}
    return line | {"done": done} | context | rest


async def respond(request: web.Request, ask: Ask, shape: Shape, is_load: bool) -> web.StreamResponse:
    if is_load:
        if ask.keep == 0:
            ask.server.runners.unload(ask.model)
        else:
            async with ask.server.runners.use(ask.model, ask.options, ask.keep):
                pass
        return answer(shape(ask, {"done_reason": "load" if ask.keep != 0 else "unload"}, True))
    if ask.body.get("stream", True):
        lines = (shape(ask, event, "done_reason" in event) async for event in ask.events())
        return await send_lines(request, lines, ask.server.faults.mode(request))
    return answer(shape(ask, await collect(ask.events()), True))


async def chat(request: web.Request) -> web.StreamResponse:
    body, server = await read_body(request, "ChatRequest"), request.app[SERVER]
    if not body["model"]:
        raise ApiError(400, "model is required")
    messages = body.get("messages", [])
    for message in messages:
        if not isinstance(content := message.get("content") or "", str):
            raise type_error("ChatRequest", "messages.content", content, "string")
    ask = Ask(server, server.find(body["model"]), body, messages)
    ask.check("chat")
    return await respond(request, ask, chat_line, not messages)


async def generate(request: web.Request) -> web.StreamResponse:
    body, server = await read_body(request, "GenerateRequest"), request.app[SERVER]
    model = server.find(body["model"])
    prompt = {"role": "user", "content": body.get("prompt", ""), "images": body.get("images")}
    system = [{"role": "system", "content": body["system"]}] if body.get("system") else []
    ask = Ask(server, model, body, [*system, prompt])
    if not prompt["content"] and ask.keep == 0:
        return await respond(request, ask, generate_line, True)
    ask.check("generate")
    if body.get("raw") and (body.get("system") or body.get("template") or body.get("context")):
        raise ApiError(400, "raw mode does not support template, system, or context")
    return await respond(request, ask, generate_line, not prompt["content"])


async def vectors(server: Server, body: Body, inputs: Any) -> Body:
    texts = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ApiError(400, "invalid input type")
    model = server.find(body["model"], 'model "{}" not found, try pulling it first')
    if model.remote:
        raise ApiError(404, f'model "{body["model"]}" not found, try pulling it first')
    if not model.can("embedding") and server.at_least((0, 30, 0)):
        raise ApiError(501, "This server does not support embeddings. Start it with `--embeddings`")
    if body.get("truncate") is False and any(len(tokens(text)) + 2 > model.context for text in texts):
        raise ApiError(400, "the input length exceeds the context length")
    started = time.perf_counter_ns()
    async with server.runners.use(model, body.get("options", {}), keep_alive(body.get("keep_alive"))) as load:
        rows = [embed(text, model.width, model.quality, body.get("dimensions")) for text in texts]
    told: Body = {"model": body["model"], "embeddings": rows}
    count = sum(min(len(tokens(text)) + 2, model.context) for text in texts)
    took = {"total_duration": time.perf_counter_ns() - started, "load_duration": load, "prompt_eval_count": count}
    return told | (took if rows else {})


async def embed_call(request: web.Request) -> web.Response:
    body = await read_body(request, "EmbedRequest")
    return answer(await vectors(request.app[SERVER], body, body.get("input") or []))


async def embeddings_call(request: web.Request) -> web.Response:
    body = await read_body(request, "EmbeddingRequest")
    if not body["model"]:
        raise ApiError(400, "model is required")
    told = await vectors(request.app[SERVER], body, body.get("prompt") or [])
    return answer({"embedding": (told["embeddings"] or [[]])[0]})
