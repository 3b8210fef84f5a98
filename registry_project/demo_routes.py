"""All that the demo's process serves beside Ollama's own routes."""

from __future__ import annotations

import os

from aiohttp import web

from registry_project import demo_blobs, demo_paths
from registry_project.demo.app import SERVER
from registry_project.demo_endpoint import routes as endpoint
from registry_project.demo_github import routes as github
from registry_project.demo_github.limits import PLANS
from registry_project.demo_github.service import Service
from registry_project.demo_openai import routes as openai


def add_to(app: web.Application) -> None:
    """Mount Ollama's blobs and /v1, an OpenAI-compatible server, and a GitHub Models service that keeps to our plan."""
    plan, delay = os.environ.get("GITHUB_MODELS_PLAN", ""), app[SERVER].token_delay
    demo_blobs.add_to(app)
    openai.add_to(app)
    endpoint.add_to(app, endpoint.Endpoint(token_delay=delay), demo_paths.ENDPOINT)
    service = Service(plan=plan if plan in PLANS else PLANS[0], token_delay=delay)
    github.add_to(app, service, demo_paths.GITHUB)
