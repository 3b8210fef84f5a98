"""The serving interface: start, stop and watch models. Synchronous; the gateway calls `ensure_ready` in a thread."""

from __future__ import annotations

from typing import Any

from unified_app.lookup import find_model
from unified_app.models import ModelServingStatus
from unified_app.models.serving import ServingState
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving import health, places, starting, status, stopping


class ModelServingInterface:
    """One way to serve models of every source. A model is named by id, alias or name."""

    def __init__(self, registry_manager: UnifiedRegistryManager) -> None:
        self.registry_manager = registry_manager

    def serve_model(self, model_id: str) -> str:
        """Start the model and return the endpoint that answers for it once it is ready.

        Raises NotFound (also for a retired model), NoPlacement, Conflict when every slot is taken, or the
        upstream's error.
        """
        model = places.find_servable(model_id)
        starting.start(model)
        return str(status.of_model(model)["endpoint"])

    def stop_serving(self, model_id: str) -> bool:
        """Stop the model and free its slot; False when it was stopped already."""
        return stopping.stop(find_model(model_id).pk)

    def get_serving_status(self, model_id: str) -> dict[str, Any]:
        """Return the model's serving state as it was last seen."""
        return status.of_model(find_model(model_id))

    def health_check(self, model_id: str) -> bool:
        """Ask the model's place now, and correct its state; whether it is ready to answer."""
        return check_health(model_id)[0]

    def list_serving_models(self) -> list[dict[str, Any]]:
        """Return the state of every model that is served, on its way there, or failed at it."""
        serving: list[dict[str, Any]] = status.of_all()["serving"]
        return serving


def ensure_ready(model_id: str) -> None:
    """Return when the model is ready to be called: start it, or join a start under way. Raises typed errors."""
    starting.start(places.find_servable(model_id))


def check_health(model_id: str) -> tuple[bool, str]:
    """Ask the model's place now; return whether it is ready, and why not."""
    model = find_model(model_id)
    health.look_at(ModelServingStatus.objects.told().filter(model=model, status=ServingState.READY))
    now = status.of_model(model)
    is_ready = now["state"] == ServingState.READY
    return is_ready, "" if is_ready else now["reason"] or f"it is {now['state']}"
