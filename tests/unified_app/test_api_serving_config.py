from __future__ import annotations

from tests.unified_app.api_case import ApiTestCase, register
from tests.unified_app.serving_case import ServingTestCase
from unified_app.models import HistoryEntry, RegistryEpoch

CONFIG = {
    "endpoint": None,
    "protocol": "http",
    "timeout": 300,
    "max_concurrent_requests": 8,
    "health_check_interval": 30,
    "max_queue": 64,
}


class ConfigTests(ServingTestCase, ApiTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        self.path = f"/api/models/{register('m:1').pk}/serving-config"

    def refused(self, **body: object) -> dict:
        return self.error(self.client.patch(self.path, body), 400)["details"]

    def test_the_defaults_are_told_without_being_stored(self):
        assert self.get(self.path) == CONFIG

    def test_what_is_patched_is_kept_told_to_all_processes_and_written_into_the_history(self):
        before = RegistryEpoch.current()
        body = {"endpoint": "http://proxy:8080/v1", "timeout": 60, "max_concurrent_requests": 2, "max_queue": 0}
        assert self.client.patch(self.path, body).json() == CONFIG | body
        assert self.get(self.path) == CONFIG | body
        assert RegistryEpoch.current() == before + 1
        entry = HistoryEntry.objects.get(field="serving.timeout")
        assert (entry.object_id, entry.by, entry.old, entry.new) == ("m_1_base", "operator", 300, 60)
        assert self.client.patch(self.path, {"endpoint": None}).json()["endpoint"] is None

    def test_a_patch_that_changes_nothing_tells_nobody(self):
        before = RegistryEpoch.current()
        self.client.patch(self.path, {"timeout": 300})
        assert RegistryEpoch.current() == before

    def test_protocols_that_are_not_served_are_refused_by_name(self):
        for protocol in ("grpc", "websocket"):
            assert self.refused(protocol=protocol) == {"protocol": [f"'{protocol}' is not served; only http is."]}

    def test_values_out_of_range_name_their_field(self):
        for name, values in {
            "timeout": (0, -1, 86_401, "x", None, 2**70),
            "max_concurrent_requests": (0, 10_001),
            "health_check_interval": (4, 86_401),
            "max_queue": (-1, 100_001),
            "endpoint": ("ftp://x", "proxy", 7),
            "max_conurrent": (1,),
        }.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    assert list(self.refused(**{name: value})) == [name]
        assert self.get(self.path) == CONFIG
