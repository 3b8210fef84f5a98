"""The factory of the specification: experimental models and variants as plain values."""

from __future__ import annotations

from typing import Any

from experiments_app import creating
from experiments_app.models import Variant
from experiments_app.objects import ExperimentalModel, ModelVariant
from experiments_app.variant_generator import all_generators
from unified_app.errors import InvalidInput
from unified_app.lookup import find_model


class ExperimentalModelFactory:
    """Generators decide what a variant is, the factory writes it; `by` names who acts.

    MLflow is told by a job after the rows are there, so `mlflow_manager` is kept for callers and never waited for.
    """

    def __init__(self, mlflow_manager: Any = None, *, by: str = "shell") -> None:
        self.mlflow_manager = mlflow_manager
        self.by = by
        self.variant_generators = all_generators()

    def create_experimental_model(
        self, base_model: str, experiment_type: str, parameters: dict[str, Any], **more: Any
    ) -> ExperimentalModel:
        """Make a variant, or the family of a search; `more` is name, description, realise. Raises InvalidInput."""
        variants = self._create(base_model, experiment_type, parameters, more)
        return described(variants[0], tuple(as_variant(variant) for variant in variants))

    def create_model_variant(self, base_model: str, variant_config: dict[str, Any]) -> ModelVariant:
        """Make one variant; the configuration is the body of a create without its base. Raises InvalidInput."""
        config = dict(variant_config)
        if "search" in (config.get("parameters") or {}):
            message = "A search makes a family: call create_experimental_model."
            raise InvalidInput(f"parameters.search: {message}", details={"parameters.search": [message]})
        kind, parameters = config.pop("experiment_type", None), config.pop("parameters", None)
        return as_variant(self._create(base_model, kind, parameters, config)[0])

    def list_experimental_models(self, base_model: str | None = None) -> list[ExperimentalModel]:
        """Return what is not archived, the newest first; of one base when it is given. Raises NotFound."""
        rows = Variant.objects.listed().shown()
        if base_model is not None:
            rows = rows.filter(experiment__base=find_model(base_model))
        return [described(row) for row in rows]

    def _create(self, base_model: Any, kind: Any, parameters: Any, more: dict[str, Any]) -> list[Variant]:
        told = {name: value for name, value in more.items() if value is not None}
        body = {"base_model": base_model, "experiment_type": kind, "parameters": parameters, **told}
        return creating.create(body, by=self.by, generators=self.variant_generators).variants


def described(row: Variant, variants: tuple[ModelVariant, ...] = ()) -> ExperimentalModel:
    """Return a row of `Variant.objects.listed()` as a plain value."""
    assert row.model is not None
    return ExperimentalModel(
        id=row.model.pk,
        name=row.model.name,
        base_model=row.experiment.base.name,
        experiment_type=row.experiment.experiment_type,
        parameters=row.parameters,
        created_at=row.created_at,
        status=row.shown_status,
        mlflow_run_id=row.mlflow_run_id,
        recipe=row.model.recipe or {},
        realised=row.realised,
        description=row.model.description or "",
        experiment=row.experiment_id,
        variants=variants,
    )


def as_variant(row: Variant) -> ModelVariant:
    """Return a row of `Variant.objects.listed()` as the generators' value, with its id and name."""
    assert row.model is not None
    return ModelVariant(
        base_model=row.experiment.base_id,
        experiment_type=row.experiment.experiment_type,
        parameters=row.parameters,
        recipe=row.model.recipe or {},
        category=row.model.category,
        capabilities=tuple(row.model.capabilities),
        context_length=row.model.context_length,
        endpoint=row.model.endpoint,
        facts=row.model.parameters,
        id=row.model.pk,
        name=row.model.name,
        status=row.shown_status,
        mlflow_run_id=row.mlflow_run_id,
        made=row.created_at.isoformat(),
    )
