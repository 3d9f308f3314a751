"""`config explain` tells everything but secrets, and every setting has its documentation."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from housekey.conf import schema
from housekey.conf.explain import documentation, explain
from housekey.conf.load import KNOWN, SECTIONS
from housekey.core.properties import BY_TOML
from tests.conf.support import configured

PARTS = [*SECTIONS.values(), schema.Config]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_has_a_docstring(part: type) -> None:
    docs = documentation()[part.__name__]
    assert [item.name for item in fields(part) if not docs.get(item.name)] == []


def test_every_setting_is_listed_once(tmp_path: Path) -> None:
    keys = [row.key for row in explain(configured(tmp_path))]
    assert len(keys) == len(set(keys))
    assert set(keys) >= KNOWN
    assert {"data", "file", "event.default_listener.governance_identity_mgt.enable"} <= set(keys)
    assert all(row.doc for row in explain(configured(tmp_path)))


def test_values_come_with_their_origin_and_secrets_are_masked(tmp_path: Path) -> None:
    text = ("[super_admin]\npassword = 's3cret'\n[database]\nurl = 'postgresql://u:s3cret@h/n'\n"
            "[identity_mgt.user_onboarding]\nlock_on_creation = false\n")
    config = configured(tmp_path, text, flags={"server.port": "1234"}, environ={"HOUSEKEY__SCIM2__WSO2_RESPONSES": "yes"})
    rows = {row.key: (row.value, row.origin) for row in explain(config)}
    assert rows["super_admin.password"] == ("(set)", "deployment.toml line 2")
    assert rows["database.url"] == ("(set)", "deployment.toml line 4")
    assert rows["output_adapter.email.password"] == ("(not set)", "built in")
    assert rows["identity_mgt.user_onboarding.lock_on_creation"] == ("false", "deployment.toml line 6")
    assert rows["server.port"] == ("1234", "flag --port")
    assert rows["scim2.wso2_responses"] == ("true", "environment HOUSEKEY__SCIM2__WSO2_RESPONSES")
    assert "s3cret" not in str(explain(config))


def test_every_policy_setting_has_a_known_place_in_the_file() -> None:
    assert set(BY_TOML) <= KNOWN
