"""What is done with hosts: added, changed, deleted, checked. The admin, the API and the commands call these."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import ClassVar

from django.conf import settings

from ollama_app.addresses import parse_hosts
from ollama_app.connection import client_for
from ollama_app.models import Host
from unified_app.models import Placement
from unified_app.server_checks import TestOutcome
from unified_app.servers import ServerVerbs

SOURCE = "ollama"


class HostVerbs(ServerVerbs[Host]):
    model = Host
    source: ClassVar[str] = SOURCE
    noun: ClassVar[str] = "host"
    setting: ClassVar[str] = "OLLAMA_HOSTS"

    def probe(self, row: Host, seconds: float) -> str:
        with closing(client_for(row, timeout=seconds)) as client:
            return client.version()

    def look(self, row: Host, seconds: float) -> TestOutcome:
        with closing(client_for(row, timeout=seconds)) as client:
            version = client.version()
            models = len(client.tags())
        return TestOutcome(True, "ok", f"Ollama {version} answers with {models} models.", version, models)

    def job_keys(self, name: str) -> Iterable[str]:
        return [*super().job_keys(name), f"ollama_details:{name}"]

    def followed(self, before: Host, row: Host) -> None:
        if before.url != row.url:
            Placement.objects.filter(source=self.source, place=row.name).update(base_url=row.url)


HOSTS = HostVerbs()
save_host = HOSTS.save
delete_host = HOSTS.delete
check_hosts = HOSTS.check
set_demo_host = HOSTS.set_demo
test_connection = HOSTS.test


def ensure_environment_hosts() -> None:
    """Make the rows agree with OLLAMA_HOSTS; hosts that people made or changed are left alone."""
    wanted = parse_hosts(settings.OLLAMA_HOSTS)
    if wanted:
        HOSTS.agree_with(wanted, Host.Origin.ENVIRONMENT)
    else:
        HOSTS.agree_with(parse_hosts([settings.DEFAULT_OLLAMA_HOST]), Host.Origin.DEFAULT)
