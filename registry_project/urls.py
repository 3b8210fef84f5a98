"""Every path of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from registry_project import health

urlpatterns = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/ollama/", include("ollama_app.urls")),
    path("api/github/", include("github_models_app.urls")),
    path("api/", include("github_models_app.endpoints.urls")),
    path("api/experimental/", include("experiments_app.urls")),
    path("api/", include("experiments_app.adapter_urls")),
    path("api/", include("experiments_app.evaluation.api.evaluation_urls")),
    path("api/", include("experiments_app.evaluation.api.comparison_urls")),
    path("api/", include("unified_app.urls")),
    path("", include("registry_project.pages.urls")),
]
handler400 = "registry_project.pages.errors.bad_request"
handler404 = "registry_project.pages.errors.not_found"
handler500 = "registry_project.pages.errors.server_error"
