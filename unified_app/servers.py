"""What is done with the servers of a source: added, changed, deleted, checked.

A source names its table, its words and how a server is probed; admin, API and commands call these verbs.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from functools import partial
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from unified_app import jobs, syncing, vault
from unified_app.addresses import normalise_url, same_origin
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.history import record
from unified_app.models import Job, Placement, RegistryEpoch
from unified_app.models.servers import Server
from unified_app.server_checks import Row, ServerChecks

logger = logging.getLogger(__name__)

# Who acts when the environment, or the start of the demo, changes a server.
ENVIRONMENT = "environment"
FROM_ENVIRONMENT = (Server.Origin.ENVIRONMENT, Server.Origin.DEFAULT)
DEMO_NAME = "demo"
# Longer digits are no id; a name may be digits too.
MAX_ID_DIGITS = 18


class ServerVerbs(ServerChecks[Row]):
    """The verbs of one source's servers."""

    noun: ClassVar[str]
    setting: ClassVar[str]
    # What is said of two rows of one server.
    twin: ClassVar[str] = "has this address already"
    # What the API calls a column, where that differs.
    words: ClassVar[dict[str, str]] = {}
    editable: ClassVar[tuple[str, ...]] = ("name", "url", "enabled")
    # Columns that hold sealed secrets, written only by `save`.
    sealed: ClassVar[tuple[str, ...]] = ("sealed_token",)
    # What a form or a body calls a secret -> the argument of `save` that takes it, and what clears it.
    secrets: ClassVar[dict[str, tuple[str, Any]]] = {"token": ("token", "")}

    def job_keys(self, name: str) -> Iterable[str]:
        """Return the unique keys of the jobs that only this server's own work has."""
        return [f"sync:{self.source}:{name}"]

    def followed(self, before: Row, row: Row) -> None:
        """Let what depends on a changed server follow it; runs in the transaction that changes it."""

    def identity(self, row: Row) -> str:
        """Return what two rows of one server have in common."""
        return row.url

    def environment_token(self, name: str) -> str | None:
        """Return the token that the environment has for its server `name`; None leaves the row's alone."""
        return None

    def is_asked(self, row: Row, url: str, token: str | None) -> bool:
        """Whether a row that somebody made is the server that the environment asks for, under another name."""
        return row.url == url

    def column_of(self, name: str) -> str:
        """Return the column of what the API calls `name`."""
        return next((column for column, word in self.words.items() if word == name), name)

    def find(self, called: str) -> Row:
        """Return the server of this name, or else of this id. Raises NotFound."""
        wanted = Q(name=called)
        if called.isascii() and called.isdecimal() and len(called) <= MAX_ID_DIGITS:
            wanted |= Q(pk=int(called))
        # One that is named like another's id is found by its name.
        found: list[Row] = sorted(self.rows.filter(wanted), key=lambda row: row.name != called)
        if not found:
            raise NotFound(f"There is no {self.noun} with the id or name {called!r}.")
        return found[0]

    def counted(self) -> Any:
        """Return all servers with `model_count`: how many models each answers for; one query."""
        placed = Placement.objects.present().filter(source=self.source, place=OuterRef("name")).order_by()
        counted = placed.values("place").annotate(n=Count("pk")).values("n")
        return self.model.objects.annotate(model_count=Coalesce(Subquery(counted), 0))

    def save(self, row: Row, *, by: str, token: str | None = None) -> Row:
        """Validate and write a new or changed server; `token` None keeps the stored one, "" clears it.

        Another address also clears it, unless a token is given with it. Raises InvalidInput naming the fields.
        A new name or URL moves the placements along; disabling retires what only this server had, until it is
        enabled and a sync finds it again.
        """
        row.url = normalise_url(row.url)
        if token is not None:
            row.sealed_token = vault.seal(self._checked_token(token))
        self._validate(row)
        if by != ENVIRONMENT:
            self._refuse_twin(row)
        try:
            self._write(row, by=by, token=token)
        except IntegrityError:  # another one of that name was saved between the look and the write
            self._refuse("name", f"{self.noun.capitalize()} with this Name already exists.")
        return row

    def delete(self, row: Row, *, by: str) -> None:
        """Delete a server; models that only it had are retired, the others lose this placement."""
        with transaction.atomic():
            RegistryEpoch.lock()
            syncing.retire_place(self.source, row.name, f"{self.noun} {row.name} was deleted by {by}")
            self._drop_queued(row.name, by)
            record(self.noun, row.name, by, {"deleted": (row.url, None)})
            row.delete()
            RegistryEpoch.bump()

    def agree_with(self, wanted: dict[str, str], origin: str) -> None:
        """Make the rows agree with the environment's {name: URL}; what people made or changed is left alone."""
        for name, url in wanted.items():
            try:
                self._ensure(name, url, origin, wanted)
            except InvalidInput as error:  # what the registry knows is in the way; the start must not fail for it
                logger.warning("%s names %r, which cannot be taken over: %s", self.setting, name, error.message)
        for row in self.rows.enabled().filter(origin__in=FROM_ENVIRONMENT).exclude(name__in=wanted):
            row.enabled = False
            self.save(row, by=ENVIRONMENT)

    def set_demo(self, url: str | None, *, name: str = DEMO_NAME) -> None:
        """Register the demo's server under `url`, or disable it when it is not running."""
        row = self.rows.filter(origin=Server.Origin.DEMO).first()
        if url is None:
            if row is not None and row.enabled:
                row.enabled = False
                self.save(row, by=ENVIRONMENT)
            return
        row = row or self.model(name=self._free_name(name), origin=Server.Origin.DEMO)
        row.url, row.enabled = url, True
        self.save(row, by=ENVIRONMENT)

    def _write(self, row: Row, *, by: str, token: str | None) -> None:
        with transaction.atomic():
            RegistryEpoch.lock()
            before = self.rows.filter(pk=row.pk).first() if row.pk else None
            if before is not None and not same_origin(before.url, row.url):
                token = self._forget_secrets(before, row, token)
            if before is not None and by != ENVIRONMENT and self._differs(before, row):
                # What a person has changed is that person's: the environment does not change it back.
                row.origin = Server.Origin.MANUAL if row.origin != Server.Origin.DEMO else row.origin
            # Only what was edited: checks and syncs write the other columns meanwhile.
            row.save(update_fields=None if before is None else [*self.editable, *self.sealed, "origin"])
            self._record(before, row, by)
            if before is not None:
                self._follow(before, row)
            RegistryEpoch.bump()
            is_new_to_us = before is None or not before.enabled or self._needs_reading(before, row)
            # At the start everything is synced anyway.
            if row.enabled and is_new_to_us and by != ENVIRONMENT:
                transaction.on_commit(partial(syncing.request_sync, source=self.source, place=row.name, by=by))

    def _forget_secrets(self, before: Row, row: Row, token: str | None) -> str | None:
        """Clear what was entered for another server: whoever answers at the new address must not be sent it."""
        for column in self.sealed:
            if getattr(row, column) == getattr(before, column):
                setattr(row, column, "")
        return "" if token is None else token

    def _needs_reading(self, before: Row, row: Row) -> bool:
        names = [name for name in (*self.editable, *self.sealed) if name != "name"]
        return any(getattr(before, name, "") != getattr(row, name) for name in names)

    def _differs(self, before: Row, row: Row) -> bool:
        return any(getattr(before, name) != getattr(row, name) for name in self.editable)

    def _validate(self, row: Row) -> None:
        try:
            row.full_clean()
        except ValidationError as error:
            details = {self.words.get(name, name): messages for name, messages in error.message_dict.items()}
            sentence = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in details.items())
            raise InvalidInput(sentence, details=details) from None

    def _refuse(self, column: str, message: str) -> None:
        name = self.words.get(column, column)
        raise InvalidInput(f"{name}: {message}", details={name: [message]})

    def _refuse_twin(self, row: Row) -> None:
        """Raise InvalidInput for a second row of one server: its models would be counted twice."""
        others: list[Row] = list(self.rows.enabled().exclude(pk=row.pk))
        for other in others:
            if other.name.casefold() == row.name.casefold():
                self._refuse("name", f"The {self.noun} {other.name!r} has this name but for its case.")
            if row.enabled and self.identity(other) == self.identity(row):
                self._refuse("url", f"The {self.noun} {other.name!r} {self.twin}.")

    def _record(self, before: Row | None, row: Row, by: str) -> None:
        changes: dict[str, tuple[Any, Any]] = {
            name: (getattr(before, name) if before else None, getattr(row, name)) for name in self.editable
        }
        for column in self.sealed:
            was, now = getattr(before, column, ""), getattr(row, column)
            if was != now:
                told = "not set" if not now else "set again" if was else "set"
                name = column.removeprefix("sealed_")
                changes[self.words.get(name, name)] = ("set" if was else "not set", told)
        record(self.noun, row.name, by, changes)

    def _follow(self, before: Row, row: Row) -> None:
        """Let the placements of a changed server follow it."""
        if before.name != row.name:
            # What a server of that name left behind, long deleted, would be in the way.
            self._placements(row.name).delete()
            self._placements(before.name).update(place=row.name)
        self.followed(before, row)
        if before.url != row.url:
            self.rows.filter(pk=row.pk).update(state=Server.State.UNKNOWN, version="", last_error="")
        if before.enabled and not row.enabled:
            syncing.retire_place(self.source, row.name, f"{self.noun} {row.name} is disabled")
            self._drop_queued(row.name, f"its {self.noun} is disabled")
            self.rows.filter(pk=row.pk).update(state=Server.State.UNKNOWN, last_error="", down_since=None)

    def _drop_queued(self, name: str, by: str) -> None:
        """Cancel the jobs that would only find that the server is gone."""
        for job in Job.objects.filter(state=Job.State.QUEUED, unique_key__in=list(self.job_keys(name))):
            jobs.cancel(job, by)

    def _checked_token(self, token: str) -> str:
        """Return a token that can stand in a header. Raises InvalidInput, without the token, for another."""
        token = token.strip()
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            self._refuse("token", "It has printable ASCII characters and no spaces.")
        return token

    def _ensure(self, name: str, url: str, origin: str, wanted: Container[str]) -> None:
        """Make one server of the environment; one that only got another name there keeps its row."""
        token = self.environment_token(name)
        row = self.rows.filter(name=name).first()
        if row is None:
            made: list[Row] = list(self.rows.filter(origin=Server.Origin.MANUAL))
            if any(self.is_asked(row, url, token) for row in made):
                logger.warning(
                    "%s names %s, which somebody has made under another name; that row is kept", self.setting, url
                )
                return
            same = self.rows.filter(url=url, origin__in=FROM_ENVIRONMENT)
            row = next((r for r in same if r.name not in wanted), None) or self.model(origin=origin)
        elif row.origin not in FROM_ENVIRONMENT:
            if row.url != url:
                logger.warning("%s names %r, which somebody made or changed here; that row is kept", self.setting, name)
            return
        is_same = row.pk and (row.name, row.url, row.origin, row.enabled) == (name, url, origin, True)
        if not is_same or not self.has_token(row, token):
            row.name, row.url, row.origin, row.enabled = name, url, origin, True
            self.save(row, by=ENVIRONMENT, token=token)

    def has_token(self, row: Row, token: str | None) -> bool:
        """Whether the row has the environment's token already, if that has one."""
        try:
            return token is None or row.token == token
        except Conflict:  # it cannot be read any more, so it is written again
            return False

    def _free_name(self, name: str) -> str:
        taken = set(self.rows.values_list("name", flat=True))
        for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
            if candidate not in taken:
                return candidate
        raise Conflict(f"Every name from {name} to {name}-99 is taken.")
