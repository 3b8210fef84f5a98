"""Calling a model through the API: the gateway's answer, with errors in the API's shape."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from unified_app import api_errors
from unified_app.errors import InvalidInput
from unified_app.gateway import inside
from unified_app.views.parameters import MODEL
from unified_app.views.serving import ThrottledView

# The gateway speaks OpenAI's words; these are the API's.
CODES = {"rate_limit_exceeded": "rate_limited", "model_not_found": "not_found"}
PASSED_ON = ("x-registry-", "x-request-id", "retry-after")
EXAMPLES = [
    OpenApiExample("A chat", {"messages": [{"role": "user", "content": "Hello"}]}, request_only=True),
    OpenApiExample("Embeddings", {"input": ["one", "two"]}, request_only=True),
]


@extend_schema(tags=["Serving"])
class InferenceView(ThrottledView):
    write_scope = "call"

    @extend_schema(
        summary="Call a model",
        description="The body of `/v1/chat/completions` without `model`; with `input` that of `/v1/embeddings`, with "
        "`prompt` that of `/v1/completions`. Not streamed. It takes the gateway's way: a stopped model is started.",
        parameters=[MODEL],
        request=OpenApiTypes.OBJECT,
        responses={
            200: OpenApiResponse(OpenApiTypes.OBJECT, "OpenAI's object; `X-Registry-*` headers tell who answered.")
        },
        examples=EXAMPLES,
    )
    def post(self, request: Request, model: str) -> HttpResponseBase:
        body = _checked(request.data, model)
        _let_go_of_the_database()
        return _answer(inside.call(model, body, request_id=request.headers.get("X-Request-ID", "")))


def _checked(body: Any, model: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InvalidInput("The body is not a JSON object.")
    if body.get("model", model) != model:
        raise InvalidInput("The path names the model.", details={"model": ["Leave it out: the path names the model."]})
    return body


def _let_go_of_the_database() -> None:
    """A call may last minutes; PostgreSQL has a hundred connections for all of them."""
    if not connection.in_atomic_block:
        connection.close()


def _answer(told: inside.Answered) -> HttpResponseBase:
    headers = {name: value for name, value in told.headers.items() if name.startswith(PASSED_ON)}
    if told.status < 400:
        # As it came: reading embeddings and printing them again would hold back every other call.
        return HttpResponse(told.raw, status=told.status, content_type="application/json", headers=headers)
    error = json.loads(told.raw)["error"]
    details = {error["param"]: [error["message"]]} if told.status == 400 and error["param"] else None
    code = CODES.get(error["code"], error["code"])
    return Response(api_errors.body(code, error["message"], details), status=told.status, headers=headers)
