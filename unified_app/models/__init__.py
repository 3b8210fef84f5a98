"""The core's tables."""

from __future__ import annotations

from unified_app.models.accounts import ApiKey, User
from unified_app.models.catalog import (
    Alias,
    AliasChange,
    ModelCapability,
    ModelCategory,
    ModelOrigin,
    ModelVersion,
    Placement,
    UnifiedModel,
)
from unified_app.models.epoch import RegistryEpoch
from unified_app.models.history import HistoryEntry
from unified_app.models.serving import GatewayProcess, ModelServingConfig, ModelServingStatus, ServingSlot
from unified_app.models.usage import UsageHour, UsageRecord
from unified_app.models.work import Job, SyncRun

__all__ = [
    "Alias",
    "AliasChange",
    "ApiKey",
    "GatewayProcess",
    "HistoryEntry",
    "Job",
    "ModelCapability",
    "ModelCategory",
    "ModelOrigin",
    "ModelServingConfig",
    "ModelServingStatus",
    "ModelVersion",
    "Placement",
    "RegistryEpoch",
    "ServingSlot",
    "SyncRun",
    "UnifiedModel",
    "UsageHour",
    "UsageRecord",
    "User",
]
