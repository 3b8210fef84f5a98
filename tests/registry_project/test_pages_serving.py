"""The serving board."""

from __future__ import annotations

from django.utils import timezone

from tests.registry_project.pages_case import PagesTestCase, add_host, register
from unified_app.models import ModelServingStatus, Placement, ServingSlot, UnifiedModel


def serve(name: str, state: str = "ready", **more: object) -> ModelServingStatus:
    register(name)
    model = UnifiedModel.objects.get(name=name)
    if state == "ready":
        ServingSlot.objects.create(slot=ServingSlot.objects.count(), model=model)
    values = {"placement": Placement.objects.get(model=model), "started_at": timezone.now(), **more}
    return ModelServingStatus.objects.create(model=model, status=state, **values)


class BoardTests(PagesTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        add_host("one")

    def test_an_empty_board_says_what_would_fill_it(self):
        said = self.page("/serving")
        assert (
            "No models are served, 0 of 10 slots taken." in said or "0 models are served, 0 of 10 slots taken." in said
        )
        assert "Nothing is served now. Call a model at the gateway" in said

    def test_each_model_tells_state_health_place_and_numbers(self):
        serve("llama3:8b", health_status="healthy", total_requests=12, errors=3)
        serve("broken:1", "failed", reason="Nothing answers at its address.")
        said = self.page("/serving")
        assert "1 model is served, 1 of 10 slots taken." in said
        assert "ready healthy one/llama3:8b" in said
        assert " 0 12 3 " in said
        assert "Nothing answers at its address." in said

    def test_the_number_of_queries_does_not_grow_with_the_board(self):
        serve("a:1")
        self.page("/serving")
        with self.assertNumQueries(10):
            self.client.get("/serving")
        for number in range(5):
            serve(f"b{number}:1")
        with self.assertNumQueries(10):
            self.client.get("/serving")


class ViewerTests(PagesTestCase):
    role = "Viewer"

    def test_a_viewer_sees_the_board_and_cannot_stop(self):
        add_host("one")
        serve("llama3:8b")
        assert "Stop" not in self.page("/serving")
        assert self.client.post("/serving/llama3_8b_base/stop").status_code == 403
