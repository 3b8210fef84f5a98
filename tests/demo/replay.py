"""Replays a recorded exchange against the demo and says where the two differ in shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

CASES = Path(__file__).resolve().parent.parent / "data" / "ollama"
REGISTRY = "registry.ollama.ai"
# Facts of one GGUF, and texts that only some models have.
FREE = {"model_info", "details", "tensors", "projector_info", "license", "parameters", "system", "messages"}
LEFT_OUT = {"context"}  # the deprecated token list of generate, which the demo does not give


def load(version: str, name: str, root: Path = CASES) -> dict[str, Any]:
    return json.loads((root / version / f"{name}.json").read_text().replace("<REGISTRY>", REGISTRY))


def send(url: str, request: dict[str, Any]) -> requests.Response:
    body, kept = request["body"], {"Host", "Origin", "Content-Type", "Access-Control-Request-Method"}
    headers = {key: value for key, value in request["headers"].items() if key in kept}
    data = None if body is None else body.encode()
    return requests.request(
        request["method"], url + request["path"], data=data, headers=headers, timeout=10, allow_redirects=False
    )


def lines_of(text: str) -> list[Any]:
    """JSON values of a body: one, or one a line; None for text that is no JSON."""
    return [json.loads(row) if row[0] in "{[" else row for row in text.splitlines() if row.strip()]


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        told = sorted((key, item) for key, item in value.items() if key not in LEFT_OUT)
        return {key: "free" if key in FREE else shape(item) for key, item in told}
    if isinstance(value, list):
        return ["items"] if value and not isinstance(value[0], dict) else [shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def is_error(value: Any) -> bool:
    return isinstance(value, dict) and "error" in value


def differences(url: str, case: dict[str, Any]) -> list[str]:
    """Status, kind of content, error texts to the letter; otherwise keys and types of the lines."""
    want, got = case["response"], send(url, case["request"])
    wanted_kind = dict(want["headers"]).get("Content-Type", "none").split(";")[0]
    found_kind = got.headers.get("Content-Type", "none").split(";")[0]
    told = [f"status {got.status_code} for {want['status']}: {got.text[:200]}"] * (got.status_code != want["status"])
    told += [f"kind {found_kind} for {wanted_kind}"] * (found_kind != wanted_kind and want["status"] != 403)
    body = want.get("body")
    text = "".join(line for _, line in want["body_lines"]) if body is None and "body_lines" in want else body or ""
    old, new = lines_of(text), lines_of(got.text)
    if not old or not new or got.status_code != want["status"]:
        return told + [f"body {new} for {old}"] * (bool(old) != bool(new))
    for before, now in ((old[0], new[0]), (old[-1], new[-1])):
        if not (is_error(before) or isinstance(before, str)):
            before, now = shape(before), shape(now)
        told += [] if before == now else [f"\n  got  {now}\n  want {before}"]
    return told
