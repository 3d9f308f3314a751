"""A query outside a tenant raises.

Every table that belongs to a tenant gets its rows through `Model.objects.within(tenant)`, `aside(tenant)` or `among(tenant, ids)`. Work
that really spans tenants (the outbox worker, migrations, finding a code by its digest) says so with `Model.objects.across_tenants("why")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F, OuterRef

from housekey.core.names import Tenant

M = TypeVar("M", bound=models.Model)


class OutsideTenant(RuntimeError):
    """A programming error: rows were asked for without saying whose."""


class ScopedQuerySet(models.QuerySet[M]):
    """A query set that refuses to run until `within` or `across_tenants` was called."""

    _scoped = False

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc] # private in the stubs, stable in Django
        clone._scoped = self._scoped
        return clone

    def within(self, tenant: Tenant | int) -> Self:
        scoped = self.filter(tenant_id=tenant if isinstance(tenant, int) else tenant.id)
        scoped._scoped = True
        return scoped

    def among(self, tenant: Tenant | int, ids: Iterable[UUID]) -> Self:
        """The rows of a tenant that have one of these ids."""
        return self.aside(tenant).filter(id__in=ids)

    def aside(self, tenant: Tenant | int | OuterRef) -> Self:
        """As `within`, for what is found by something else than the tenant: by ids, a code, a time. Without statistics SQLite would take
        an index of the tenant, however many rows that has, so the tenant is written as a sum."""
        scoped = self.alias(own=F("tenant_id") + 0).filter(own=tenant.id if isinstance(tenant, Tenant) else tenant)
        scoped._scoped = True
        return scoped

    def across_tenants(self, why: str) -> Self:
        assert why  # noqa: S101 - the reason is for the reader of the code
        clone = self._clone()
        clone._scoped = True
        return clone

    def _must_be_scoped(self) -> None:
        if not self._scoped:
            raise OutsideTenant(f"{self.model.__name__}: ask within(tenant) or across_tenants(why)")

    def _fetch_all(self) -> None:
        self._must_be_scoped()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[Any]:
        self._must_be_scoped()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self._must_be_scoped()
        return super().count()

    def exists(self) -> bool:
        self._must_be_scoped()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._must_be_scoped()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._must_be_scoped()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._must_be_scoped()
        return super().delete()


class ScopedManager(models.Manager[M]):
    def get_queryset(self) -> ScopedQuerySet[M]:
        return ScopedQuerySet(self.model, using=self._db)

    def within(self, tenant: Tenant | int) -> ScopedQuerySet[M]:
        return self.get_queryset().within(tenant)

    def among(self, tenant: Tenant | int, ids: Iterable[UUID]) -> ScopedQuerySet[M]:
        return self.get_queryset().among(tenant, ids)

    def aside(self, tenant: Tenant | int | OuterRef) -> ScopedQuerySet[M]:
        return self.get_queryset().aside(tenant)

    def across_tenants(self, why: str) -> ScopedQuerySet[M]:
        return self.get_queryset().across_tenants(why)


class Scoped(models.Model):
    """Base of every table that belongs to a tenant."""

    tenant = models.ForeignKey("store.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)
    objects: ScopedManager[Any] = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "plain"
        default_manager_name = "objects"

    plain = models.Manager()
    """Django's own use (save, cascade). Not for operations."""
