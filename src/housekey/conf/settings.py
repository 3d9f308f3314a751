"""Django's settings, from Config and nothing else.

Whoever starts a process puts `HOUSEKEY_CONFIG`, `HOUSEKEY_DATA` and `HOUSEKEY_FLAGS` (JSON, `{"server.port": "8443"}`) into the
environment first. Imported without `HOUSEKEY_DATA` (a type checker, a stray tool) this module describes an unconfigured
house in `./var` and writes nothing: its keys then live in memory only. Raises ConfigErrors.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from housekey.conf.databases import django_database
from housekey.conf.house import House
from housekey.conf.keys import load_or_create, new_keys, private_directory
from housekey.conf.load import load
from housekey.core import languages

PACKAGE = Path(__file__).resolve().parent.parent


def _open_house() -> tuple[House, bool]:
    """Also whether the keys are new: made just now, since there was no file."""
    data = os.environ.get("HOUSEKEY_DATA", "")
    file = os.environ.get("HOUSEKEY_CONFIG", "")
    config = load(file=Path(file) if file else None, data=Path(data or "var"), flags=json.loads(os.environ.get("HOUSEKEY_FLAGS") or "{}"))
    if not data:
        return House(config, new_keys()), True
    private_directory(config.data)
    new = not config.keys_path.exists()
    return House(config, load_or_create(config.keys_path, datetime.now(UTC).isoformat(timespec="seconds"))), new


HOUSE, KEYS_ARE_NEW = _open_house()
_PUBLIC = urlsplit(HOUSE.config.base_url)

SECRET_KEY = hmac.digest(HOUSE.keys.newest[1], b"housekey django secret key\0", hashlib.sha256).hex()
SECRET_KEY_FALLBACKS = [hmac.digest(secret, b"housekey django secret key\0", hashlib.sha256).hex() for _, secret in HOUSE.keys.ring[1:]]
DEBUG = False

# Any Host header may knock: no link, redirect or address is ever built from it, only from `base_url`.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False
APPEND_SLASH = False

ROOT_URLCONF = "housekey.urls"
INSTALLED_APPS = ["housekey.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = ["housekey.web.compression.CompressedPages", "housekey.web.middleware.Gate", "housekey.web.csrf.Csrf"]

DATABASES: dict[str, dict[str, Any]] = {"default": django_database(HOUSE.config)}

TEMPLATES: list[dict[str, Any]] = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [PACKAGE / room / "templates" for room in ("pages", "console", "oauth", "api", "web")],
    "APP_DIRS": False,
    "OPTIONS": {
        "autoescape": True,
        "builtins": ["housekey.web.templatetags.ui"],
        "context_processors": ["housekey.web.context.page"],
        "loaders": [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
    },
}]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = languages.FALLBACK
LANGUAGES = list(languages.LANGUAGES.items())
LOCALE_PATHS = [PACKAGE / "locale"]
STATIC_URL = "/static/"

# The prefix makes the browser itself refuse a cookie that a sibling host or a plain-text page planted.
CSRF_COOKIE_NAME = "__Host-csrf" if HOUSE.config.secure_cookies else "csrf"
CSRF_COOKIE_SECURE = HOUSE.config.secure_cookies
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_PATH = "/"
CSRF_FAILURE_VIEW = "housekey.web.refusals.csrf_failure"
# Behind a proxy that ends TLS the browser's Origin says https while this process speaks http.
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]

DATA_UPLOAD_MAX_MEMORY_SIZE = HOUSE.config.limits.body
DATA_UPLOAD_MAX_NUMBER_FIELDS = HOUSE.config.limits.form_fields
# A file stays in memory, and is never larger than a body: none is ever written to a disk.
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = HOUSE.config.limits.body

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "housekey.conf.logs.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "housekey": {"level": "INFO"},
        # Django would add its own handlers for these two; one line on stderr is enough.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
