"""Variants on the site's own pages, whose source need not be set up."""

from __future__ import annotations

from django.contrib.admin.utils import quote

from tests.experiments_app.experiments_case import ExperimentCase


class SiteTests(ExperimentCase):
    def test_pages_show_a_variant_like_any_other_model(self):
        made = self.make()
        self.client.credentials()
        self.client.force_login(self.users["Operator"])
        for path in (
            "/",
            "/models",
            f"/models/{made['id']}",
            "/admin/",
            f"/admin/unified_app/unifiedmodel/{quote(made['id'])}/change/",
        ):
            with self.subTest(path=path):
                answer = self.client.get(path)
                assert answer.status_code == 200
                if "models" in path or "unifiedmodel" in path:
                    assert made["name"] in answer.content.decode()
