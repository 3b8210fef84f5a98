"""Models of the GitHub Models contract as things that are served: elsewhere, so nothing is started or stopped."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from github_models_app.api_client import GitHubModelsAPIClient
from unified_app.errors import RegistryError, UpstreamRetired
from unified_app.model_objects import ServingEndpoint

NOTE = "Counted by this registry; what others use of the same token's quota is not in it."


class GitHubModelsRemoteServing:
    """Calls models where they are."""

    def __init__(self, api_client: GitHubModelsAPIClient) -> None:
        self.api_client = api_client

    def serve_model(self, model_id: str) -> ServingEndpoint:
        """Return where the model answers; it takes no slot of ours.

        Raises NotFound when the catalog does not list it, UpstreamRetired when the service is gone.
        """
        row = self.api_client.get_model_details(model_id)
        return ServingEndpoint(str(row["id"]), self._endpoint(row))

    def make_inference(self, model_id: str, input_data: dict[str, Any], *, wait: bool = False) -> dict[str, Any]:
        """Make one call, chat or (with `input`) embeddings; returns OpenAI's object.

        Without `wait` a model whose quota is used up is Paced at once, and nothing is asked upstream.
        """
        return self.api_client.evaluate_model(model_id, input_data, wait=wait)

    def get_serving_status(self, model_id: str) -> dict[str, Any]:
        """Return the model's state (`ready`, `retired` or `failed`), its limits, and what is left of its quota.

        Raises NotFound when the catalog does not list it. No call of the model is made.
        """
        try:
            row = self.api_client.get_model_details(model_id)
        except UpstreamRetired as error:
            return self._away(model_id, "retired", error)
        except RegistryError as error:
            if error.status_code == 404:
                raise
            return self._away(model_id, "failed", error)
        return self._status(row)

    def _status(self, row: dict[str, Any]) -> dict[str, Any]:
        model, tier = str(row["id"]), str(row.get("rate_limit_tier") or "")
        limiter = self.api_client.rate_limiter
        left = limiter.left(model, tier)
        allowed = asdict(limiter.limits(model, tier))
        return {
            "model_id": model,
            "state": "ready",
            "reason": "",
            "endpoint": self._endpoint(row),
            "tier": tier,
            "plan": limiter.plan,
            "limits": {**allowed.pop("limits"), **allowed},
            "model_limits": row.get("limits") or {},
            "quota": {**asdict(left), "note": NOTE},
        }

    def _away(self, model_id: str, state: str, error: RegistryError) -> dict[str, Any]:
        unknown = dict.fromkeys(("endpoint", "tier", "plan", "limits", "model_limits", "quota"))
        return {"model_id": model_id, "state": state, "reason": error.message, **unknown}

    def _endpoint(self, row: dict[str, Any]) -> str:
        """Return the route for what the model gives: by its output, since no capability tells."""
        embeds = "embeddings" in (row.get("supported_output_modalities") or ())
        routes = self.api_client.routes
        return routes.embeddings if embeds else routes.chat
