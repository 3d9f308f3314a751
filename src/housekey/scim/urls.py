"""Addresses under /scim2/."""

from __future__ import annotations

from django.urls import path

from housekey.scim.views import bulk, discovery, groups, me, roles, search, users

urlpatterns = [
    path("ServiceProviderConfig", discovery.provider),
    path("ResourceTypes", discovery.resource_types),
    path("ResourceTypes/<str:name>", discovery.resource_type),
    path("Schemas", discovery.all_schemas),
    path("Schemas/<str:name>", discovery.one_schema),
    path(".search", search.everything),
    path("Users/.search", search.of_users),
    path("Groups/.search", search.of_groups),
    path("Roles/.search", search.of_roles),
    path("v2/Roles/.search", search.of_roles),
    path("Users", users.collection),
    path("Users/", users.collection),
    path("Users/<str:user_id>", users.single),
    path("Groups", groups.collection),
    path("Groups/", groups.collection),
    path("Groups/<str:group_id>", groups.single),
    path("Bulk", bulk.collection),
    *(
        path(f"{endpoint}{rest}", view(f"/{endpoint}"))
        for endpoint in ("Roles", "v2/Roles")
        for rest, view in (("", roles.collection), ("/", roles.collection), ("/<str:role_id>", roles.single))
    ),
    path("Me", me.me),
]
