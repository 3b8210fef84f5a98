"""Calls through the gateway, for each client that people have: curl, the openai package, the ollama package. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from typing import Any

from registry_project.pages.calls import GREETING, Call, key_line

NOTE = "The key needs the scope “call”. A model that is not loaded yet is loaded first."
REMOTE_NOTE = "The key needs the scope “call”. The model runs elsewhere, so nothing is loaded here."
STREAMED = "One event for each piece of the answer, and [DONE] at its end."
PACKAGE = "pip install {}; REGISTRY_KEY is in the environment."


def for_model(base: str, called: str, capabilities: Collection[str], *, is_remote: bool = False) -> list[Call]:
    """Return the calls for a model; one that only embeds cannot chat."""
    note = REMOTE_NOTE if is_remote else NOTE
    if "text_embedding" in capabilities and "text_generation" not in capabilities:
        texts = {"model": called, "input": ["Hello"]}
        return [_curl("curl", note, base, "embeddings", texts), *_embedding_clients(base, called)]
    asked: dict[str, Any] = {"model": called, "messages": GREETING}
    whole = _curl("curl", note, base, "chat/completions", asked)
    streamed = _curl("curl, streamed", STREAMED, base, "chat/completions", asked | {"stream": True})
    return [whole, streamed, *_chat_clients(base, called)]


def _curl(title: str, note: str, base: str, route: str, body: dict[str, Any]) -> Call:
    lines = [
        f"{key_line(base)}curl{' -N' * body.get('stream', False)} {shlex.quote(f'{base}/v1/{route}')}",
        '  -H "Authorization: Bearer $REGISTRY_KEY"',
        "  -H 'Content-Type: application/json'",
        f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    ]
    return Call(title, note, " \\\n".join(lines))


def _chat_clients(base: str, called: str) -> list[Call]:
    model = json.dumps(called, ensure_ascii=False)
    openai = f"""{_openai(base)}
stream = client.chat.completions.create(
    model={model},
    messages=[{{"role": "user", "content": "Hello"}}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
"""
    ollama = f"""{_ollama(base)}
stream = client.chat(
    model={model},
    messages=[{{"role": "user", "content": "Hello"}}],
    stream=True,
)
for part in stream:
    print(part.message.content or "", end="", flush=True)
"""
    return _python(openai, ollama)


def _embedding_clients(base: str, called: str) -> list[Call]:
    model = json.dumps(called, ensure_ascii=False)
    openai = f"""{_openai(base)}
answer = client.embeddings.create(model={model}, input=["Hello"])
print(answer.data[0].embedding)
"""
    ollama = f"""{_ollama(base)}
answer = client.embed(model={model}, input=["Hello"])
print(answer.embeddings[0])
"""
    return _python(openai, ollama)


def _python(openai: str, ollama: str) -> list[Call]:
    return [
        Call("Python, openai", PACKAGE.format("openai"), openai.strip()),
        Call("Python, ollama", PACKAGE.format("ollama"), ollama.strip()),
    ]


def _openai(base: str) -> str:
    address = json.dumps(f"{base}/v1")
    return f"""import os
from openai import OpenAI

client = OpenAI(
    base_url={address},
    api_key=os.environ["REGISTRY_KEY"],
)"""


def _ollama(base: str) -> str:
    address = json.dumps(f"{base}/ollama")
    return f"""import os
from ollama import Client

client = Client(
    host={address},
    headers={{"Authorization": "Bearer " + os.environ["REGISTRY_KEY"]}},
)"""
