"""The admin for curators and operators; Django's autodiscovery imports this package."""

from __future__ import annotations

from unified_app.admin import access, aliases, catalog, keys, placements, records, schedules, serving, work

__all__ = ["access", "aliases", "catalog", "keys", "placements", "records", "schedules", "serving", "work"]
