"""Closed unless opened: a view says which permission it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from housekey.core.principal import LOGIN
from housekey.web.request import Asked

View = Callable[Concatenate[Asked, ...], HttpResponseBase]


def needs(*permissions: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Anonymous callers are led to sign in and back; others must hold every one of `permissions` (raises NotPermitted)."""

    def guard(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(raw: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request = cast(Asked, raw)
            if request.by.account_id is None:
                back = request.get_full_path() if request.method == "GET" else ""
                return HttpResponseRedirect(reverse("login") + ("?" + urlencode({"next": back}) if back else ""))
            for permission in permissions:
                request.by.must(permission)
            return view(request, *args, **kwargs)

        return guarded

    return guard


signed_in = needs(LOGIN)
