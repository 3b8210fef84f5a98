"""Servers of a source: listed, added, changed, deleted, tested. A source names its verbs, its words and its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from unified_app.models.servers import Server
from unified_app.serializers.bodies import StrictSerializer
from unified_app.servers import ServerVerbs
from unified_app.views.answers import name_of


class ServerViewSet(ListModelMixin, GenericViewSet[Any]):
    """`called` is the path's id or name; its parameter has the same name in every route of a source."""

    verbs: ClassVar[ServerVerbs[Any]]
    body: ClassVar[type[StrictSerializer]]
    # The name of the route of one server.
    route: ClassVar[str]

    def retrieve(self, request: Request, called: str) -> Response:
        return self._shown(self.verbs.find(called))

    def create(self, request: Request) -> Response:
        server = self._saved(self.verbs.model(), self.body(data=request.data))
        return self._shown(server, status=201, headers={"Location": reverse(self.route, args=[server.pk])})

    def partial_update(self, request: Request, called: str) -> Response:
        found = self.verbs.find(called)
        return self._shown(self._saved(found, self.body(found, data=request.data, partial=True)))

    def destroy(self, request: Request, called: str) -> Response:
        self.verbs.delete(self.verbs.find(called), by=name_of(request))
        return Response(status=204)

    def test(self, request: Request, called: str) -> Response:
        return Response(asdict(self.verbs.test(self.verbs.find(called))))

    def get_queryset(self) -> Any:
        return self.verbs.counted()

    def _saved(self, server: Server, body: StrictSerializer) -> Server:
        body.is_valid(raise_exception=True)
        secrets = secrets_in(body.validated_data, self.verbs.secrets)
        for name, value in body.validated_data.items():
            if name not in self.verbs.secrets:
                setattr(server, self.verbs.column_of(name), value)
        saved: Server = self.verbs.save(server, by=name_of(self.request), **secrets)
        return saved

    def _shown(self, server: Server, **more: Any) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=server.pk)).data, **more)


def secrets_in(data: Mapping[str, Any], names: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
    """Return the secrets in a body by the verb's argument; null clears, one that is left out is kept."""
    return {argument: data[name] or empty for name, (argument, empty) in names.items() if name in data}
