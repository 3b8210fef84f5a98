"""The ASGI entry point."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from registry_project.bounded import BoundedBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")

application = BoundedBody(get_asgi_application(), settings.MAX_BODY_MB * 2**20)
