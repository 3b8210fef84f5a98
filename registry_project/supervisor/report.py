"""What a run tells: run.json for programs, a few lines for people."""

from __future__ import annotations

import json
import os
from pathlib import Path

from registry_project.supervisor.children import Child
from registry_project.supervisor.firstrun import Access

NAME = "run.json"

DEMO_NOTICE = """\
No Ollama host answers, so the built-in DEMO runs in its place. Its models are not real.
  Your own hosts: set OLLAMA_HOSTS=name=http://host:11434,... (in the environment or in .env) and start again,
  or add one in the admin under Ollama > Hosts. DEMO=off runs without the demo, DEMO=on always with it."""


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


def banner(url: str, access: Access, *, demo: str, seconds: float) -> str:
    """Return what is printed once everything answers."""
    lines = [
        f"The model registry is up ({seconds:.1f} s after the start).",
        f"  site     {url}/",
        f"  admin    {url}/admin/",
        f"  API      {url}/api/docs/",
        f"  log-in   {access.username}   password: {access.password}",
    ]
    if access.key:
        lines.append(f"  try      curl -s -H 'Authorization: Bearer {access.key}' {url}/api/models/unified")
    if demo:
        lines.append(f"  demo     {demo} (a stand-in for an Ollama host; its models are not real)")
    return "\n".join(["", *lines, "  Ctrl-C stops everything.", ""])
