"""The OpenAI-compatible routes, on top of the native ones."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web

from registry_project.demo.ask import Ask
from registry_project.demo.inference import collect, vectors
from registry_project.demo.library import Model
from registry_project.demo.server import SERVER
from registry_project.demo.wire import ApiError, Body, answer, dumps, read_body, send_lines

DIRECT = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")


def entry(name: str, model: Model) -> Body:
    owner = name.split("/")[0] if "/" in name else "library"
    return {"id": name, "object": "model", "created": model.modified // 10**9, "owned_by": owner}


async def models(request: web.Request) -> web.Response:
    rows = [entry(model.name, model) for model in request.app[SERVER].models.values()]
    return answer({"object": "list", "data": rows or None}, charset=False)


async def one_model(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if "/" in name:  # also when it came as %2F
        raise web.HTTPNotFound
    return answer(entry(name, request.app[SERVER].find(name)), charset=False)


def native_message(message: Body) -> Body:
    parts = message.get("content")
    if parts is None and not message.get("tool_calls"):
        raise ApiError(400, "invalid message content type: <nil>")
    if not isinstance(parts, list):
        return {"role": message.get("role"), "content": parts or ""}
    images = [part["image_url"] for part in parts if part.get("type") == "image_url"]
    urls = [image if isinstance(image, str) else image["url"] for image in images]
    if any(not url.startswith("data:") for url in urls):
        raise ApiError(400, "image URLs are not currently supported, please use base64 encoded data instead")
    text = "\n".join(part["text"] for part in parts if part.get("type") == "text")
    return {"role": message.get("role"), "content": text, "images": [url.split(",")[-1] for url in urls]}


def native(body: Body) -> Body:
    options: Body = {"temperature": 1.0} | {key: body[key] for key in DIRECT if key in body}
    stop = body.get("stop", [])
    options |= {"stop": [stop] if isinstance(stop, str) else stop, "num_predict": body.get("max_tokens", -1)}
    told: Body = {"model": body["model"], "tools": body.get("tools", []), "options": options}
    wanted = body.get("response_format", {})
    formats = {"json_object": "json", "json_schema": wanted.get("json_schema", {}).get("schema")}
    told |= {"format": formats[wanted["type"]]} if wanted.get("type") in formats else {}
    effort = body.get("reasoning_effort")
    return told | ({"think": effort != "none"} if effort else {})


def v1_message(event: Body) -> Body:
    told = {"content": event["content"]} if "content" in event else {}
    told |= {"reasoning": event["thinking"]} if event.get("thinking") else {}
    calls = [
        {"id": call["id"], "index": 0, "type": "function", "function": {
            "name": call["function"]["name"], "arguments": json.dumps(call["function"]["arguments"])}}
        for call in event.get("tool_calls", [])
    ]  # fmt: skip
    return told | ({"tool_calls": calls} if calls else {})


def usage(event: Body) -> Body:
    asked, given = event["prompt_eval_count"], event["eval_count"]
    return {"prompt_tokens": asked, "completion_tokens": given, "total_tokens": asked + given}


async def chunks(ask: Ask, head: Body, with_usage: bool) -> AsyncGenerator[str, None]:
    head |= {"object": "chat.completion.chunk"}
    start, reason = {"role": "assistant"}, ""
    async for event in ask.events():
        reason = "tool_calls" if "tool_calls" in event else reason or event.get("done_reason", "")
        ended = "done_reason" in event
        choice = {"index": 0, "delta": start | v1_message(event), "finish_reason": reason if ended else None}
        yield dumps(head | {"choices": [choice]})
        start = {}
        if ended and with_usage:
            yield dumps(head | {"choices": [], "usage": usage(event)})
    yield "[DONE]"


async def chat_completions(request: web.Request) -> web.StreamResponse:
    body, server = await read_body(request, "ChatCompletionRequest"), request.app[SERVER]
    if not body.get("messages"):
        raise ApiError(400, "[] is too short - 'messages'")
    messages = [native_message(message) for message in body["messages"]]
    if not body["model"]:
        raise ApiError(400, "model is required")
    ask = Ask(server, server.find(body["model"]), native(body), messages)
    ask.check("chat")
    head: Body = {"id": f"chatcmpl-{random.randrange(999)}", "object": "chat.completion", "created": int(time.time())}
    head |= {"model": body["model"], "system_fingerprint": "fp_ollama"}
    if body.get("stream"):
        with_usage = bool(body.get("stream_options", {}).get("include_usage"))
        return await send_lines(request, chunks(ask, head, with_usage), server.faults.mode(request), sse=True)
    whole = await collect(ask.events())
    reason = "tool_calls" if "tool_calls" in whole else whole["done_reason"]
    choice = {"index": 0, "message": {"role": "assistant"} | v1_message(whole), "finish_reason": reason}
    return answer(head | {"choices": [choice], "usage": usage(whole)}, charset=False)


async def embeddings(request: web.Request) -> web.Response:
    body = await read_body(request, "EmbedRequest")
    inputs: Any = body.get("input", [])
    if inputs == []:
        raise ApiError(400, "invalid input")
    told = await vectors(request.app[SERVER], body, inputs)
    rows = [{"object": "embedding", "embedding": v, "index": i} for i, v in enumerate(told["embeddings"])]
    count = {"prompt_tokens": told["prompt_eval_count"], "total_tokens": told["prompt_eval_count"]}
    return answer({"object": "list", "data": rows, "model": body["model"], "usage": count}, charset=False)
