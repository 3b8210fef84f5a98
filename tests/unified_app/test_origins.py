"""Models that others are made from."""

from __future__ import annotations

import pytest
from django.test import TestCase

from tests.unified_app.api_case import register
from unified_app.errors import Conflict
from unified_app.models import ModelOrigin, UnifiedModel
from unified_app.models.catalog import ModelStatus
from unified_app.registry_manager import UnifiedRegistryManager


class OriginTests(TestCase):
    def setUp(self):
        self.base = register("llama3.1:8b")
        self.registry = UnifiedRegistryManager(by="cora")
        recipe = {"kind": "overlay", "base": self.base.pk, "parameters": {}}
        self.variant = UnifiedModel.objects.create(
            id="v", name="v", version="1", category="thinking", model_type="variant", source="mlflow", recipe=recipe
        )
        for role in ("base", "judge"):
            ModelOrigin.objects.create(model=self.variant, origin=self.base, role=role)

    def test_it_is_not_deleted_while_others_build_on_it(self):
        with pytest.raises(Conflict) as refused:
            self.registry.delete_model("llama3.1:8b")
        assert refused.value.details == {"used_by": ["v"]}
        self.base.refresh_from_db()
        assert self.base.status == ModelStatus.AVAILABLE

    def test_it_is_deleted_once_they_are(self):
        assert self.registry.delete_model("v")
        assert self.registry.delete_model("llama3.1:8b")

    def test_a_variant_comes_back_without_a_place_of_its_own(self):
        self.registry.delete_model("v")
        assert self.registry.restore_model("v")
        self.variant.refresh_from_db()
        assert self.variant.status == ModelStatus.AVAILABLE

    def test_but_not_before_what_it_is_made_from(self):
        self.registry.delete_model("v")
        self.registry.delete_model(self.base.pk)
        with pytest.raises(Conflict, match="llama3_1_8b_base"):
            self.registry.restore_model("v")
