"""Where the demo's process has what is not Ollama's."""

from __future__ import annotations

ENDPOINT = "/endpoint"
GITHUB = "/github-models"
