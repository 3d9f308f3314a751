"""`housekey tenant …`: add with an administrator, list, suspend, resume, rename, delete."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serve.test_commands import housekey
from tests.support.served import as_json, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tenants") / "var"
    assert run("migrate", "--data", str(made)).returncode == 0
    return made


def states(data: Path) -> dict[str, str]:
    return {one["domain"]: one["state"] for one in as_json(housekey(data, "tenant", "list", "--json"))}


def test_a_tenant_lives_and_ends_at_the_command_line(data: Path) -> None:
    made = as_json(housekey(data, "tenant", "add", "acme.example", "--name", "Acme", "--admin", "jane", "--json"))
    assert (made["domain"], made["administrator"]) == ("acme.example", "jane")
    assert "/t/acme.example/accountrecoveryendpoint/" in made["link"]
    invited = housekey(data, "tenant", "add", "beta.example", "--admin", "bob", "--email", "bob@beta.example")
    assert "An invitation to bob@beta.example is on its way." in invited.stdout
    assert states(data) == {"acme.example": "active", "beta.example": "active", "carbon.super": "active"}
    assert as_json(housekey(data, "tenant", "suspend", "acme.example", "--json"))["state"] == "suspended"
    assert housekey(data, "user", "list", "--tenant", "acme.example").returncode == 1
    assert "is active again" in housekey(data, "tenant", "resume", "acme.example").stdout
    assert as_json(housekey(data, "tenant", "rename", "acme.example", "Acme Ltd", "--json"))["name"] == "Acme Ltd"
    kept = housekey(data, "tenant", "delete", "acme.example")
    assert (kept.returncode, "Nothing was deleted." in kept.stderr) == (1, True)
    assert "was deleted" in housekey(data, "tenant", "delete", "acme.example", "--yes").stdout
    assert states(data) == {"beta.example": "active", "carbon.super": "active"}


@pytest.mark.parametrize("arguments", [
    ("suspend", "none.example"), ("resume", "none.example"), ("rename", "none.example", "x"), ("delete", "none.example", "--yes"),
    ("suspend", "carbon.super"), ("delete", "carbon.super", "--yes"), ("add", "acme.example", "--email", "jane@acme.example"),
    ("add", "acme.example", "--admin", "jane", "--email", "nowhere"), ("add", "carbon.super"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(data: Path, arguments: tuple[str, ...]) -> None:
    done = housekey(data, "tenant", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("housekey: ")
    assert len(done.stderr.splitlines()) == 1
    assert "acme.example" not in states(data)
