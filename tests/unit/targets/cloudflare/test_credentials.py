"""Whose token is used: the environment's, else that of wrangler's login while it lasts; its file stays as it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.credentials import base_url, credentials


def login(folder: Path, ends: datetime) -> Path:
    file = folder / "config" / "default.toml"
    file.parent.mkdir(parents=True)
    text = f'oauth_token = "from-login"\nexpiration_time = "{ends:%Y-%m-%dT%H:%M:%S.000Z}"\nrefresh_token = "once"\n'
    file.write_text(text)
    return file


def test_the_environment_goes_first(tmp_path: Path) -> None:
    login(tmp_path / ".wrangler", datetime.now(UTC) + timedelta(hours=1))
    found = credentials({"CLOUDFLARE_API_TOKEN": " from-env ", "HOME": str(tmp_path)})
    assert (found.bearer(), found.secrets) == ("from-env", ("from-env",))
    assert "from-env" not in repr(found)


@pytest.mark.parametrize("place", [".wrangler", ".config/.wrangler"])
def test_wranglers_login_is_read_and_not_touched(tmp_path: Path, place: str) -> None:
    file = login(tmp_path / place, datetime.now(UTC) + timedelta(hours=1))
    before = file.read_bytes(), file.stat().st_mtime_ns
    found = credentials({"HOME": str(tmp_path)})
    assert found.bearer() == "from-login"
    assert found.secrets == ("from-login",)
    assert str(file) in found.description
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_login_elsewhere_is_found(tmp_path: Path) -> None:
    login(tmp_path / "xdg" / ".wrangler", datetime.now(UTC) + timedelta(hours=1))
    assert credentials({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}).bearer() == "from-login"


def test_a_login_that_has_run_out_or_soon_will_is_refused(tmp_path: Path) -> None:
    login(tmp_path / ".wrangler", datetime.now(UTC) + timedelta(seconds=30))
    with pytest.raises(TargetError, match="has expired") as caught:
        credentials({"HOME": str(tmp_path)})
    assert "npx wrangler whoami" in (caught.value.advice or "")


@pytest.mark.parametrize("text", ["", "oauth_token = 1", "{"])
def test_a_login_that_cannot_be_read_shows_nothing_of_itself(tmp_path: Path, text: str) -> None:
    file = login(tmp_path / ".wrangler", datetime.now(UTC))
    file.write_text(text)
    with pytest.raises(TargetError, match="cannot be read"):
        credentials({"HOME": str(tmp_path)})


def test_without_anything_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="wrangler is not logged in") as caught:
        credentials({"HOME": str(tmp_path)})
    assert "Workers Scripts > Edit" in (caught.value.advice or "")
    with pytest.raises(TargetError, match="global API key"):
        credentials({"HOME": str(tmp_path), "CLOUDFLARE_API_KEY": "k"})
    (tmp_path / ".wrangler" / "config").mkdir(parents=True)
    (tmp_path / ".wrangler" / "config" / "default.enc").write_text("{}")
    with pytest.raises(TargetError, match="keyring"):
        credentials({"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:9200/client/v4", "http://localhost:1/x", "https://gateway.example/client/v4"]
)
def test_another_api_may_be_named(given: str) -> None:
    assert base_url({"CLOUDFLARE_API_BASE_URL": given + "/"}) == given
    assert base_url({}).startswith("https://api.cloudflare.com/")


@pytest.mark.parametrize("given", ["http://api.example", "api.example", "ftp://api.example", "https://"])
def test_a_token_never_goes_out_in_the_open(given: str) -> None:
    with pytest.raises(TargetError, match="CLOUDFLARE_API_BASE_URL"):
        base_url({"CLOUDFLARE_API_BASE_URL": given})
