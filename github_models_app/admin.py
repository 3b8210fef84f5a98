"""What the admin shows of this app stands beside what it is about."""

from __future__ import annotations

from github_models_app import catalog_admin
from github_models_app.endpoints import admin as endpoints_admin

__all__ = ["catalog_admin", "endpoints_admin"]
