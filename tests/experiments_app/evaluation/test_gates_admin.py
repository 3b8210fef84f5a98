"""Gates in the admin: curators keep the rules, everybody there reads what came of them."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments_app.evaluation import suite_rows
from experiments_app.models import Gate, GateCheck
from tests.unified_app.admin_case import AdminTestCase, register
from unified_app.models import HistoryEntry, UnifiedModel

GATE, CHECK = "experiments_app.gate", "experiments_app.gatecheck"


class GateAdminTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register(1)
        document = {"name": "sums", "messages": [{"role": "user", "content": "?"}], "testData": [{"input": "1"}]}
        cls.version = suite_rows.keep(document, by="ann").version
        cls.gate = Gate.objects.create(name="kept", suite=cls.version.suite, p95_seconds=3)
        cls.model = UnifiedModel.objects.first()

    def setUp(self):
        super().setUp()
        self.client.force_login(self.cora)

    def send(self, *where, **more):
        sent = {
            "name": "new",
            "suite": self.version.suite_id,
            "metric": "pass",
            "max_drop_points": "2",
            "enabled": "on",
        }
        return self.client.post(self.url(GATE, *where), {**sent, **more}, follow=True)

    def test_a_curator_makes_and_changes_one(self):
        assert self.send("add").status_code == 200
        made = Gate.objects.get(name="new")
        assert (made.max_drop_points, made.created_by) == (2.0, self.cora.username)
        self.send("change", made.pk, max_drop_points="4")
        made.refresh_from_db()
        assert made.max_drop_points == 4.0
        assert HistoryEntry.objects.filter(kind="gate", object_id=made.pk, by=self.cora.username).exists()

    def test_what_can_be_no_rule_is_told_beside_the_field(self):
        page = self.send("add", metric="charm").content.decode()
        assert "There is no metric" in page and not Gate.objects.filter(name="new").exists()

    def test_one_is_deleted_with_its_checks(self):
        GateCheck.objects.create(gate=self.gate, model=self.model, why="hand", state="passed")
        self.client.post(self.url(GATE, "delete", self.gate.pk), {"post": "yes"})
        assert not Gate.objects.exists() and not GateCheck.objects.exists()

    def test_checks_are_read_only(self):
        report = {"reasons": ["pass fell by 70.00 points."], "drop": 70.0}
        check = GateCheck.objects.create(gate=self.gate, model=self.model, why="hand", state="failed", report=report)
        listed = self.client.get(self.url(CHECK)).content.decode()
        assert "fell by 70.00 points" in listed
        page = self.client.get(self.url(CHECK, "change", check.pk)).content.decode()
        assert "70" in page and 'name="_save"' not in page
        assert "failed" in self.client.get(self.url(GATE, "change", self.gate.pk)).content.decode()
        assert self.client.get(self.url(CHECK, "add")).status_code == 403

    def test_lists_cost_the_same_for_any_number_of_rows(self):
        for name in (GATE, CHECK):
            counts = []
            for number in range(2):
                for at in range(3):
                    gate = Gate.objects.create(name=f"{name}{number}{at}", suite=self.version.suite, p95_seconds=3)
                    GateCheck.objects.create(gate=gate, model=self.model, why="hand", state="passed")
                counts.append(self.queries(name))
            assert counts[0] == counts[1], (name, counts)

    def queries(self, name):
        self.client.get(self.url(name))
        with CaptureQueriesContext(connection) as captured:
            assert self.client.get(self.url(name)).status_code == 200
        return len(captured)
