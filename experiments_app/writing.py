"""Writing an experiment with its variants: any number of them in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from experiments_app import naming, outbox
from experiments_app.facts import ModelFacts
from experiments_app.models import Experiment, Variant
from experiments_app.objects import ModelVariant
from unified_app.errors import Conflict
from unified_app.models import ModelCapability, ModelCategory, ModelOrigin, RegistryEpoch, UnifiedModel
from unified_app.models.catalog import ModelStatus, ModelType
from unified_app.naming import name_key
from unified_app.recipes import REALISED, origins
from unified_app.writing import capability_row

SOURCE = "mlflow"


@dataclass(frozen=True)
class Order:
    """What is to be made, beside the variants themselves; `parameters` as they were given."""

    base: ModelFacts
    experiment_type: str
    parameters: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    description: str = ""
    by: str = "shell"


def write(order: Order, planned: Sequence[ModelVariant]) -> Experiment:
    """Write all rows and queue what follows; call it in a transaction that holds RegistryEpoch.lock()."""
    _check_there(planned)
    experiment = Experiment.objects.create(
        base_id=order.base.id,
        experiment_type=order.experiment_type,
        name=order.name,
        description=order.description,
        parameters=order.parameters,
        created_by=order.by,
    )
    variants = Variant.objects.bulk_create(
        [Variant(experiment=experiment, parameters=p.parameters, host=p.host) for p in planned]
    )
    numbers = [variant.pk for variant in variants]
    names = naming.names(order.name, order.base.name, order.experiment_type, numbers)
    models = [
        _model(order, plan, variant.pk, name) for plan, variant, name in zip(planned, variants, names, strict=True)
    ]
    UnifiedModel.objects.bulk_create(models)
    # One statement for all, where a bulk_update would send a case for each row.
    number = Cast(F("pk"), output_field=CharField())
    experiment.variants.update(model_id=Concat(Value(naming.id_prefix(order.base.name)), number))
    _write_abilities(models, planned)
    outbox.announce(variants, by=order.by)
    RegistryEpoch.bump()
    return experiment


def _model(order: Order, plan: ModelVariant, number: int, name: str) -> UnifiedModel:
    description = order.description or f"{order.experiment_type.replace('_', ' ').capitalize()} of {order.base.name}."
    recipe = plan.recipe
    if recipe["kind"] == REALISED:
        recipe = {**recipe, "upstream_name": naming.upstream_name(name, number)}
    return UnifiedModel(
        id=naming.model_id(order.base.name, number),
        name=name,
        name_key=name_key(name),
        version="1",
        source=SOURCE,
        model_type=ModelType.EXPERIMENTAL,
        category=plan.category,
        source_category=plan.category,
        capabilities=sorted(plan.capabilities),
        context_length=plan.context_length,
        endpoint=plan.endpoint,
        parameters=plan.facts,
        description=description,
        source_description=description,
        recipe=recipe,
    )


def _write_abilities(models: Sequence[UnifiedModel], planned: Sequence[ModelVariant]) -> None:
    pairs = list(zip(models, planned, strict=True))
    ModelOrigin.objects.bulk_create(
        ModelOrigin(model=model, origin_id=origin, role=role)
        for model in models
        for role, origin in origins(model.recipe)
    )
    ModelCategory.objects.bulk_create(
        ModelCategory(model=model, category=category) for model, plan in pairs for category in plan.categories
    )
    ModelCapability.objects.bulk_create(
        capability_row(model.pk, name, plan.facts) for model, plan in pairs for name in plan.capabilities
    )


def _check_there(planned: Sequence[ModelVariant]) -> None:
    """What the variants build on may have been retired since it was looked up."""
    ids = {origin for plan in planned for _, origin in origins(plan.recipe)}
    gone = UnifiedModel.objects.order_by().filter(pk__in=ids, status=ModelStatus.RETIRED)
    if missing := sorted(gone.values_list("pk", flat=True)):
        raise Conflict(f"{', '.join(missing)} has been retired just now.")
