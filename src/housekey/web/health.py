"""Readiness: can this node write, are the migrations done, does its clock agree with the database's?"""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from housekey.operations import readiness


@csrf_exempt
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    try:
        findings = readiness.findings()
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        findings = [f"The database does not answer: {type(error).__name__}."]
    return JsonResponse({"ready": not findings, "findings": findings}, status=503 if findings else 200)
