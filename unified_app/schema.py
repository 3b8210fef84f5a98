"""What the OpenAPI schema is told beside the views."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

# Component -> (status, description). Every error has one shape, so it is told once.
ERRORS = {
    "Invalid": ("400", "The request is wrong; `details` maps each field's path to its messages."),
    "Unauthenticated": ("401", "No key or session, or one that is not valid."),
    "Forbidden": ("403", "The scope that this needs is missing."),
    "NotFound": ("404", "Nothing here has that id or name."),
    "Conflict": ("409", "The request is right, but not in the state that things are in."),
    "TooLarge": ("413", "The body is larger than MAX_BODY_MB."),
    "UnsupportedMediaType": ("415", "The body is not JSON."),
    "RateLimited": ("429", "Too many calls; `Retry-After` tells the seconds to wait."),
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "example": "not_found"},
                "message": {"type": "string", "example": "Nothing here has that id or name."},
                "details": {
                    "type": "object",
                    "description": "Field path -> messages.",
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI schema about the keys."""

    target_class = "unified_app.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key made in the admin or by `apikey`."}


def document_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to every operation the errors that it can answer with; what a view documents itself stays."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = _ERROR
    components["responses"] = {name: _response(text) for name, (_, text) in ERRORS.items()}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for name in _errors_of(path, method, operation):
                status = ERRORS[name][0]
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})
    return result


def _errors_of(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    is_open = {} in operation.get("security", [{}])
    takes_body = "requestBody" in operation
    told = operation.get("parameters", [])
    asks = takes_body or any(p["in"] == "query" for p in told)
    applies = {
        "Invalid": asks,
        "Unauthenticated": not is_open or path.endswith("/token"),
        "Forbidden": not is_open or path.endswith("/token"),
        "NotFound": "{" in path,
        "Conflict": (method != "get" and "{" in path) or any(p["in"] == "header" for p in told),
        "TooLarge": takes_body,
        "UnsupportedMediaType": takes_body,
        "RateLimited": path.endswith(("/token", "/inference", "/serve", "/stop", "/create")),
    }
    return [name for name, does in applies.items() if does]


def _response(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
