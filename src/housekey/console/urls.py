"""The addresses of the console, all under /console/. Whatever changes something is a POST."""

from __future__ import annotations

from django.urls import path

from housekey.console.views import actions, add, design, outbox, overview, settings, users

urlpatterns = [
    path("", overview.home, name="console-home"),
    path("users/", users.listing, name="console-users"),
    path("users/add", add.add, name="console-add-user"),
    path("users/<uuid:user_id>/", users.show, name="console-user"),
    path("users/<uuid:user_id>/edit", users.edit, name="console-edit-user"),
    path("users/<uuid:user_id>/<slug:verb>", actions.act, name="console-user-action"),
    path("onboarding/", settings.form, {"name": "invite"}, name="console-onboarding"),
    path("password/", settings.form, {"name": "password"}, name="console-password"),
    path("organization/", settings.form, {"name": "organization"}, name="console-organization"),
    path("settings/<slug:name>/revert", settings.revert, name="console-revert"),
    path("outbox/", outbox.listing, name="console-outbox"),
    path("outbox/<uuid:message_id>/", outbox.show, name="console-message"),
    path("outbox/<uuid:message_id>/message.eml", outbox.download, name="console-message-file"),
    path("outbox/<uuid:message_id>/<slug:verb>", outbox.act, name="console-message-action"),
    path("design/", design.show, name="console-design"),
]
