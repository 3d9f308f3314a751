"""Answers that several doors give."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect


def see_other(url: str) -> HttpResponse:
    """303: whatever the method was, look there with GET."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
