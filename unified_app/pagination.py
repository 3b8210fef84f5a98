"""Pages of lists: the named top-level key, with count, next and previous beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from unified_app.errors import InvalidInput


class Pages(PageNumberPagination):
    """`page` and `page_size`; what is no number above 0 is refused, where DRF would guess."""

    key: ClassVar[str]
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
    page_query_description = "Which page, from 1 on; `last` is the last one."
    page_size_query_description = "Rows per page: 100 unless told, 1000 at most."
    invalid_page_message = "There is no page {page_number}."

    def get_page_size(self, request: Request) -> int | None:
        _checked(request, "page_size")
        return super().get_page_size(request)

    def get_page_number(self, request: Request, paginator: Any) -> int | str:
        _checked(request, "page", *self.last_page_strings)
        return super().get_page_number(request, paginator)

    def get_paginated_response(self, data: Any) -> Response:
        assert self.page is not None
        return Response(
            {
                self.key: data,
                "count": self.page.paginator.count,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "nullable": True, "format": "uri"}
        properties = {self.key: schema, "count": {"type": "integer"}, "next": link, "previous": link}
        return {"type": "object", "required": list(properties), "properties": properties}


def pages(key: str) -> type[Pages]:
    """Return the pagination whose rows stand under `key`."""
    return type(f"{key.title()}Pages", (Pages,), {"key": key})


def _checked(request: Request, name: str, *words: str) -> None:
    """Refuse what is neither a number above 0 nor one of `words`; numbers of any length are fine."""
    value = request.query_params.get(name, "1")
    is_number = value.isascii() and value.isdecimal() and value.strip("0") != ""
    if not is_number and value not in words:
        message = "Give a whole number above 0."
        raise InvalidInput(f"{name}: {message}", details={name: [message]})
