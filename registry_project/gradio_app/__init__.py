"""The page for evaluators: a process of its own that knows the registry only by its HTTP API.

Gradio reads these variables while it is imported, so they are set here, before any module of the page can do that.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

OFFLINE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "true",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
}
os.environ.update(OFFLINE)
os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(os.environ.get("REGISTRY_HOME") or "var").resolve() / "gradio"))


def __getattr__(name: str) -> Any:
    """Give the specification's two classes by the package's name, without importing Gradio for who needs neither."""
    if name == "SimplifiedModelSelector":
        from registry_project.gradio_app.selector import SimplifiedModelSelector

        return SimplifiedModelSelector
    if name == "CategoryBasedEvaluator":
        from registry_project.gradio_app.evaluator import CategoryBasedEvaluator

        return CategoryBasedEvaluator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
