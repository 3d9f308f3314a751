"""Whatever stands behind a known key: a configuration or errors with their line, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf import wso2
from housekey.conf.load import KNOWN, load
from housekey.conf.schema import ConfigErrors

ODD = [
    '""', '"x"', '" "', "-1", "0", "1.5", "1e400", "nan", "true", "[]", '["x"]', "{}", "{a = 1}", "[[1]]", "1979-05-27",
    '"\\u0000"', '"é"', "99999999999999999999",
    '"$ref{server.port}"', '"${carbon.host}"', '"http://["', '"/"', '"' + "9" * 5_000 + '"', "inf"]
KEYS = sorted(KNOWN | wso2.READ | {key.replace("*", "x") for key in wso2.UNUSED})


@pytest.mark.parametrize("key", KEYS)
def test_no_value_of_a_known_key_ends_in_a_traceback(tmp_path: Path, key: str) -> None:
    file = tmp_path / "deployment.toml"
    for value in ODD:
        file.write_text(f"{key} = {value}\n", encoding="utf-8")
        try:
            findings = load(file=file, data=tmp_path, environ={}).findings
        except ConfigErrors as errors:
            findings = errors.findings
        assert all(finding.line == 1 for finding in findings), findings
