"""The folder of compressed files in the data directory: nothing of anybody else's is served from it, written to or deleted."""

from __future__ import annotations

import stat
from pathlib import Path

from housekey.web.compression import packed
from housekey.web.wsgi import _static_files


def made(tmp_path: Path) -> tuple[Path, Path]:
    """What is shipped, and a data directory."""
    shipped, data = tmp_path / "shipped", tmp_path / "var"
    shipped.mkdir()
    data.mkdir()
    (shipped / "a.js").write_text("ours" * 100, encoding="utf-8")
    return shipped, data


def test_a_link_in_the_place_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    """A-180, symlinks: what it leads to is neither emptied nor served."""
    shipped, data = made(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("theirs", encoding="utf-8")
    (data / "static").symlink_to(elsewhere, target_is_directory=True)
    place = packed(shipped, data / "static")
    assert [item.name for item in elsewhere.iterdir()] == ["kept.txt"]
    assert not place.is_symlink()
    assert {item.name for item in place.iterdir()} == {"a.js", "a.js.gz"}


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    shipped, data = made(tmp_path)
    (data / "theirs").write_text("theirs", encoding="utf-8")
    (data / "static").mkdir()
    (data / "static" / "a.js").symlink_to(data / "theirs")
    (data / "static" / "keys.json").symlink_to(data / "theirs")
    place = packed(shipped, data / "static")
    assert (data / "theirs").read_text(encoding="utf-8") == "theirs"
    assert not any(item.is_symlink() for item in place.iterdir())


def test_nobody_else_can_put_a_script_there(tmp_path: Path) -> None:
    """A-118: a folder that was there already is closed."""
    shipped, data = made(tmp_path)
    (data / "static").mkdir()
    (data / "static").chmod(0o777)
    assert stat.S_IMODE(packed(shipped, data / "static").stat().st_mode) == 0o700


def test_a_folder_inside_keeps_no_server_from_starting(tmp_path: Path) -> None:
    shipped, data = made(tmp_path)
    (data / "static" / "old").mkdir(parents=True)
    (data / "static" / "old" / "dump.sql").write_text("x", encoding="utf-8")
    place = packed(shipped, data / "static")
    assert set(_static_files(place).files) == {"/static/a.js"}
    assert (place / "old" / "dump.sql").exists()
