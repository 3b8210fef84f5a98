"""Calls that change what is installed: pull, create, copy, delete, blobs."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import replace

from aiohttp import web

from registry_project.demo.library import BLOBS, NOTE, Model, built_in, sha
from registry_project.demo.server import SERVER, Server, display, qualify
from registry_project.demo.wire import ApiError, Body, answer, read_body, send_lines

QUANTIZATIONS = ("F32", "F16", "Q4_K_S", "Q4_K_M", "Q8_0")
DIGEST = re.compile("sha256[:-]([0-9a-fA-F]{64})")


async def respond(request: web.Request, body: Body, lines: AsyncGenerator[Body, None]) -> web.StreamResponse:
    """The lines as a stream, or only the last one; what fails then has no status but 500."""
    if body.get("stream", True):
        return await send_lines(request, lines, request.app[SERVER].faults.mode(request))
    *_, last = [line async for line in lines]
    return answer(last, charset=False)


def target(body: Body) -> str:
    qualified = qualify(body["model"]) if body["model"] else None
    if qualified is None:
        raise ApiError(400, "invalid model name")
    return qualified


def catalog() -> dict[str, Model]:
    return {(qualify(model.name) or "").lower(): model for model in built_in()}


async def pull(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, "PullRequest")
    return await respond(request, body, pulling(request.app[SERVER], target(body)))


async def pulling(server: Server, qualified: str) -> AsyncGenerator[Body, None]:
    yield {"status": "pulling manifest"}
    model = catalog().get(qualified.lower())
    if model is None:
        raise ApiError(500, "pull model manifest: file does not exist")
    for digest, total in ((f"sha256:{model.blob}", model.size - 18), (f"sha256:{sha(NOTE)}", 18)):
        line = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": total}
        steps = range(4, 5) if digest in server.blobs else range(5)
        for step in steps:
            await asyncio.sleep(server.load_delay / 4 if len(steps) > 1 else 0)
            yield line | ({"completed": total * step // 4} if step else {})
        server.blobs[digest] = b"GGUF"
    server.put(replace(model, modified=time.time_ns()))
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}


async def create(request: web.Request) -> web.StreamResponse:
    body = await read_body(request, "CreateRequest")
    name = display(target(body))
    if any(path.startswith("/") for path in body.get("files", {})):
        raise ApiError(400, "file path must be relative")
    return await respond(request, body, creating(request.app[SERVER], name, body))


async def creating(server: Server, name: str, body: Body) -> AsyncGenerator[Body, None]:
    if not body.get("from") and not body.get("files"):
        raise ApiError(400, "neither 'from' or 'files' was specified")
    if len(re.findall("{{|}}", body.get("template", ""))) % 2:
        raise ApiError(400, "template error: template: :1: unclosed action")
    if not body.get("from"):
        yield {"status": "parsing GGUF"}
    elif "remote_host" not in body and (qualify(body["from"]) or "").lower() not in server.models:
        async for line in pulling(server, qualify(body["from"]) or ""):
            if line["status"] != "success":
                yield line
    model = changed(base_of(server, name, body), body)
    adapters = adapter_digests(server, model, body.get("adapters", {}))
    if adapters:
        yield {"status": "converting adapter"}
    server.put(replace(model, name=name, adapters=model.adapters + adapters, modified=time.time_ns()))
    for text in (model.blob, model.template, model.system, str(model.parameters)):
        digest = f"sha256:{text if text == model.blob else sha(text)}"
        yield {"status": f"{'using existing' if digest in server.blobs else 'creating new'} layer {digest}"}
        server.blobs.setdefault(digest, b"")
    for status in ("writing manifest", "success"):
        yield {"status": status}


def base_of(server: Server, name: str, body: Body) -> Model:
    if body.get("remote_host"):
        return Model(name, size=212, remote={"remote_model": body["from"], "remote_host": body["remote_host"]})
    if body.get("from"):
        base = server.find(body["from"])
        return replace(base, parent=base.name)
    digest = next(iter(body["files"].values()))
    if not (found := DIGEST.fullmatch(digest)):
        raise ApiError(500, "invalid digest format")
    if digest not in server.blobs:
        raise ApiError(500, f"open {BLOBS}{found[1]}: no such file or directory")
    if server.blobs[digest] != b"GGUF":
        raise ApiError(500, "supplied file was not in GGUF format")
    return Model(name, "llama", "1.2B", "F16", 2_400_000_000, 8192, 2048, 0.5, ("completion",), found[1])


def quantized(base: Model, wanted: str) -> str:
    if wanted and wanted not in QUANTIZATIONS:
        supported = ", ".join(QUANTIZATIONS)
        raise ApiError(500, f"unsupported quantization type {wanted} - supported types are {supported}")
    if wanted and base.quantization not in ("F16", "BF16", "F32"):
        raise ApiError(500, "quantization is only supported for F16, BF16 and F32 models")
    return wanted or base.quantization


def changed(base: Model, body: Body) -> Model:
    info = body.get("info", {})
    return replace(
        base,
        system=body.get("system", base.system),
        template=body.get("template", base.template),
        parameters=base.parameters | body.get("parameters", {}),
        messages=tuple(body.get("messages") or base.messages),
        capabilities=tuple(info.get("capabilities", base.capabilities)),
        context=info.get("context_length", base.context),
        quantization=quantized(base, body.get("quantize", "").upper()),
    )


def adapter_digests(server: Server, model: Model, adapters: dict[str, str]) -> tuple[str, ...]:
    plain = [name for name in adapters if not name.endswith((".json", ".safetensors"))]
    if any(digest not in server.blobs for digest in adapters.values()):
        raise ApiError(400, "unknown type")
    if len(plain) > 1:
        raise ApiError(400, "only one adapter is currently supported")
    if adapters and not plain and model.family not in ("llama", "gemma2"):
        raise ApiError(400, "unsupported architecture")
    return tuple(digest for name, digest in adapters.items() if not name.endswith(".json"))


async def copy(request: web.Request) -> web.Response:
    body, server = await read_body(request, "CopyRequest"), request.app[SERVER]
    names = {key: body.get(key, "") for key in ("source", "destination")}
    for key, name in names.items():
        if not name or qualify(name) is None:
            raise ApiError(400, f'{key} "{name}" is invalid')
    source = server.find(names["source"], 'model "{}" not found')
    name = display(qualify(names["destination"]) or "")
    server.put(replace(source, name=name, modified=time.time_ns()))
    return web.Response()


async def delete(request: web.Request) -> web.Response:
    body, server = await read_body(request, "DeleteRequest"), request.app[SERVER]
    name = body["model"]
    if not name:
        raise ApiError(400, "model is required")
    qualified = qualify(name)
    if qualified is None:
        raise ApiError(400, f'name "{name}" is invalid')
    server.find(name)
    del server.models[qualified.lower()]
    return web.Response()


async def has_blob(request: web.Request) -> web.Response:
    if not (found := DIGEST.fullmatch(request.match_info["digest"])):
        raise ApiError(400, "invalid digest format")
    return web.Response(status=200 if f"sha256:{found[1].lower()}" in request.app[SERVER].blobs else 404)


async def add_blob(request: web.Request) -> web.Response:
    digest, blobs = request.match_info["digest"], request.app[SERVER].blobs
    if (await has_blob(request)).status == 200:
        return web.Response()
    hashed, first = hashlib.sha256(), b""
    async for chunk in request.content.iter_any():
        hashed.update(chunk)
        first = (first + chunk)[:4]
    blobs[f"sha256:{hashed.hexdigest()}"] = first
    if digest not in blobs:
        raise ApiError(400, f'digest mismatch, expected "{digest}", got "sha256:{hashed.hexdigest()}"')
    return web.Response(status=201)
