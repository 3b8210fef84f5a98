"""Keys from the shell: made, listed, revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from unified_app import granting, keys
from unified_app.console import RegistryCommand, json_option
from unified_app.errors import NotFound
from unified_app.models import ApiKey, User
from unified_app.serializers.access import KeySerializer, MadeKeySerializer

TITLES = ("ID", "NAME", "USER", "PREFIX", "SCOPES", "STATE", "EXPIRES", "LAST USED")


class Command(RegistryCommand):
    help = "Makes, lists and revokes API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Make a key and show its secret, once.")
        create.add_argument("name", help="What the key is for.")
        create.add_argument("--user", required=True, help="Whom it acts for; it never may more than this user.")
        create.add_argument("--scopes", required=True, help="Separated by commas: read,call,experiment,curate,operate.")
        create.add_argument("--days", type=float, help="Until it expires; without it, it never does.")
        listing = actions.add_parser("list", help="List all keys, without their secrets.")
        listing.add_argument("--user", help="Only this user's.")
        revoke = actions.add_parser("revoke", help="Make a key worthless from now on.")
        revoke.add_argument("id", type=int)
        for action in (create, listing, revoke):
            json_option(action)

    def handle(self, *, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {"create": self.create, "list": self.list, "revoke": self.revoke}
        actions[action](**options)

    def create(self, *, name: str, user: str, scopes: str, days: float | None, json: bool, **_: Any) -> None:
        names = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        key = granting.made(*keys.create_key(user=_user(user), name=name, scopes=names, days=days, by="shell"))
        if json:
            self.print_json(MadeKeySerializer(asdict(key)).data)
            return
        until = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "without end"
        self.stdout.write(f"Key {key.id} for {key.user}: {', '.join(key.scopes)}, {until}. It is shown only now:")
        self.stdout.write(key.key)

    def list(self, *, user: str | None, json: bool, **_: Any) -> None:
        found = ApiKey.objects.select_related("user")
        found = found.filter(user=_user(user)) if user else found
        if json:
            self.print_json({"keys": KeySerializer(found, many=True).data})
            return
        self.print_table(TITLES, (_row(key) for key in found))

    def revoke(self, *, id: int, json: bool, **_: Any) -> None:
        key = ApiKey.objects.select_related("user").filter(pk=id).first()
        if key is None:
            raise NotFound(f"There is no key {id}.")
        keys.revoke(key, "shell")
        if json:
            self.print_json(KeySerializer(key).data)
        else:
            self.stdout.write(f"Key {key.pk} ({key.name}) of {key.user} is revoked.")


def _user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise NotFound(f"There is no user {name!r}. `manage.py createsuperuser` makes one.")
    return user


def _row(key: ApiKey) -> tuple[object, ...]:
    expires, used = (f"{time:%Y-%m-%d}" if time else "" for time in (key.expires_at, key.last_used_at))
    return (key.pk, key.name, key.user, key.prefix, ",".join(key.scopes), key.state, expires or "never", used)
