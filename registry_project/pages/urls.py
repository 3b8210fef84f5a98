"""Paths of the site's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from registry_project.pages import (
    account,
    experiments,
    home,
    hosts,
    jobs,
    listing,
    making_variants,
    model,
    serving,
    syncs,
    variant,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("models", listing.model_list, name="models"),
    path("models/<path:called>", model.model_page, name="model"),
    path("experiments", experiments.experiment_list, name="experiments"),
    path("experiments/new", making_variants.make, name="experiment-new"),
    path("experiments/<path:called>/archive", variant.archive, name="experiment-archive"),
    path("experiments/<path:called>/restore", variant.restore, name="experiment-restore"),
    path("experiments/<path:called>/realise", variant.realise, name="experiment-realise"),
    path("experiments/<path:called>/promote", variant.promote, name="experiment-promote"),
    path("experiments/<path:called>", variant.variant_page, name="experiment"),
    path("hosts", hosts.host_list, name="hosts"),
    path("hosts/<str:source>/<str:place>", hosts.host_card, name="host-card"),
    path("hosts/<str:source>/<str:place>/sync", hosts.sync_host, name="host-sync"),
    path("serving", serving.board, name="serving"),
    path("serving/<str:model_id>/stop", serving.stop, name="serving-stop"),
    path("syncs", syncs.sync_list, name="syncs"),
    path("syncs/start", syncs.sync_all, name="sync-all"),
    path("syncs/<int:run_id>", syncs.sync_page, name="sync"),
    path("jobs", jobs.job_list, name="jobs"),
    path("jobs/<int:job_id>", jobs.job_page, name="job"),
    path("jobs/<int:job_id>/panel", jobs.job_panel, name="job-panel"),
    path("jobs/<int:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("account", account.account, name="account"),
    path("account/password", account.ChangePassword.as_view(), name="password"),
    path("account/keys/<int:key_id>/revoke", account.revoke_key, name="key-revoke"),
    path("login", account.LogIn.as_view(), name="login"),
    path("logout", account.LogOut.as_view(), name="logout"),
]
