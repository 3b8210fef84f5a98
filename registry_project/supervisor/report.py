"""What a run tells: run.json for programs, a few lines for people."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

from registry_project.supervisor.children import Child
from registry_project.supervisor.firstrun import Access

NAME = "run.json"

DEMO_NOTICE = """\
No Ollama host and no endpoint answers, so the built-in DEMO runs in their place: it stands in for an Ollama host, for
an OpenAI-compatible endpoint and, while GITHUB_TOKEN is not set, for GitHub Models. Its models are not real.
  Your own: set OLLAMA_HOSTS=name=http://host:11434,... or OPENAI_ENDPOINTS=name=https://host/v1,... (in the environment
  or in .env) and start again, or add one in the admin. DEMO=off runs without the demo, DEMO=on always with it."""
DEMO_LINE = "stand-ins for an Ollama host, an endpoint and GitHub Models; no model of theirs is real"


def write(home: Path, children: list[Child]) -> None:
    """Write run.json, whole or not at all."""
    state = {
        "pid": os.getpid(),
        "children": {child.spec.name: child.pid for child in children},
        "urls": {child.spec.name: child.spec.url for child in children if child.spec.url},
    }
    draft = home / f".{NAME}.{os.getpid()}"
    draft.write_text(json.dumps(state, indent=2) + "\n")
    draft.replace(home / NAME)


def remove(home: Path) -> None:
    """Remove run.json; one left by a killed run goes when the next one begins."""
    (home / NAME).unlink(missing_ok=True)


def banner(urls: dict[str, str], access: Access, *, example: str, seconds: float) -> str:
    """Return what is printed once people can begin; `example` is a model to call, or "" for none."""
    site = urls["site"]
    lines = [
        f"The model registry is up ({seconds:.1f} s after the start).",
        f"  site     {site}/",
        f"  admin    {site}/admin/",
        f"  API      {site}/api/docs/",
        f"  gateway  {site}/v1 (OpenAI clients), {site}/ollama (Ollama clients)",
        f"  page     {urls['page']}/ (for evaluators; a few seconds more)",
        f"  log-in   {access.username}   password: {access.password}",
    ]
    if access.key:
        lines += [f"  try      {line}" for line in _calls(site, access.key, example)]
    if demo := urls.get("demo"):
        lines.append(f"  demo     {demo} ({DEMO_LINE})")
    return "\n".join(["", *lines, "  Ctrl-C stops everything.", ""])


def _calls(site: str, key: str, example: str) -> list[str]:
    """Return calls that work as printed."""
    head = f"curl -s -H 'Authorization: Bearer {key}'"
    found = [f"{head} {site}/api/models/unified"]
    if example:
        body = {"model": example, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 20}
        found.append(f"{head} -d {shlex.quote(json.dumps(body))} {site}/v1/chat/completions")
    return found
