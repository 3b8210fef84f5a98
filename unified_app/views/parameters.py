"""Path parameters, as the OpenAPI schema tells of them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

MODEL = OpenApiParameter(
    "model",
    str,
    OpenApiParameter.PATH,
    description="Id, alias or name of a model; slashes and colons of a name need no escape.",
)
