"""The page as a server: built once, listening, with nothing that reaches beyond the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.configuration import Configuration
from registry_project.gradio_app.evaluator import CategoryBasedEvaluator
from registry_project.gradio_app.selector import SimplifiedModelSelector
from registry_project.gradio_app.theme import STYLE, theme

# Calls that wait; beyond it Gradio says that the queue is full.
QUEUE = 128
# Streams hold a thread each while they wait.
THREADS = 96
ICON = Path(__file__).parent.parent / "static" / "site" / "icon.svg"


def build(api_url: str) -> gr.Blocks:
    """Return the page, not started yet."""
    evaluator = CategoryBasedEvaluator(SimplifiedModelSelector(RegistryClient(api_url)))
    page = evaluator.create_evaluation_interface()
    page.queue(max_size=QUEUE, api_open=False)
    return page


def launch(configuration: Configuration, **more: Any) -> gr.Blocks:
    """Build the page and serve it; blocks unless `prevent_thread_lock` is given."""
    page = build(configuration.api_url)
    page.launch(server_name=configuration.host, server_port=configuration.port, **{**options(), **more})
    return page


def options() -> dict[str, Any]:
    return {
        "theme": theme(),
        "css_paths": [STYLE],
        "favicon_path": str(ICON) if ICON.exists() else None,
        "footer_links": [],
        "run_history": False,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "enable_monitoring": False,
        "max_threads": THREADS,
        "max_file_size": "20mb",
        "state_session_capacity": 1000,
        "quiet": True,
    }
