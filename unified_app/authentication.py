"""Who is calling and whether they may: bearer keys and scopes for DRF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from unified_app import keys
from unified_app.models import ApiKey, User
from unified_app.scopes import scopes_of_user

if TYPE_CHECKING:  # DRF imports this module while it builds that one
    from rest_framework.views import APIView


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("The header reads `Authorization: Bearer <key>`, with one key.")
        key = keys.find_key(words[1].decode("latin-1"))
        if key is None:
            raise AuthenticationFailed("The key is unknown, expired or revoked.")
        keys.note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopePermission(BasePermission):
    """Reading needs `read`; anything else needs the view's `write_scope`, or its action's in `action_scopes`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = required_scope(request, view)
        if scope is None or (settings.PUBLIC_READ and scope == "read"):
            return True
        if not request.user.is_authenticated:
            return False
        need(request, scope)
        return True


def required_scope(request: Request, view: APIView) -> str | None:
    """Return the scope of this call; None when it is open to anybody."""
    own: dict[str, str] = getattr(view, "action_scopes", {})
    action = getattr(view, "action", None) or str(request.method).lower()
    if action in own:
        return own[action]
    if request.method in SAFE_METHODS:
        return getattr(view, "read_scope", "read")
    return getattr(view, "write_scope", "operate")


def need(request: Request, scope: str) -> None:
    """Raise PermissionDenied unless the caller, who is a user, has the scope."""
    if scope not in scopes_of_request(request):
        raise PermissionDenied(f"This needs the scope `{scope}`.")


def scopes_of_request(request: Request) -> frozenset[str]:
    """Return what the caller may do: a key's scopes within its user's, or the session's user's."""
    if isinstance(request.auth, ApiKey):
        return keys.scopes_of_key(request.auth)
    return scopes_of_user(request.user)
