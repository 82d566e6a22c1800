"""What runs nights for real: the units of systemd, the compose file, and that both name commands and settings that exist."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from flows.notify import PREFIX
from flows.workspace import CHECKOUT
from tests.flows.conftest import ONBENUT, Home

OPS = CHECKOUT / "ops"


@pytest.mark.parametrize("unit", ["onbenut-server.service", "onbenut-worker.service"])
def test_a_unit_is_one_that_systemd_takes(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed (Debian package systemd)")
    for path in OPS.glob("*.service"):
        # The programs are where they are installed, which is not here.
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert unit not in done.stderr


def test_the_compose_file_has_a_server_and_a_worker_on_this_machine_alone() -> None:
    yaml = pytest.importorskip("yaml")  # Prefect brings it along
    services = yaml.safe_load((OPS / "compose.yml").read_text(encoding="utf-8"))["services"]
    assert list(services) == ["server", "worker"]
    assert all(port.startswith("127.0.0.1:") for port in services["server"]["ports"])
    assert "ports" not in services["worker"]
    assert services["worker"]["environment"]["PREFECT_API_URL"] == "http://server:4200/api"
    copied = re.findall(r"^COPY (.+) \S+$", (OPS / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert all((CHECKOUT / name).exists() for names in copied for name in names.split())


def test_every_setting_in_the_page_is_one_that_is_read() -> None:
    page = (CHECKOUT / "docs" / "operating.md").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "flows").rglob("*.py"))
    for name in set(re.findall(r"`(ONBENUT_[A-Z_]+)", page)):
        assert (
            name in code
            or f'given["{name.removeprefix(PREFIX).lower()}"]' in code
            or (f'"{name.removeprefix(PREFIX).lower()}"' in code)
        ), name


def test_a_cron_that_is_none_is_told_before_anything_is_registered(empty_home: Home) -> None:
    done = empty_home.onbenut("deployments", "--cities", "gent", "--summary", "x")
    assert done.returncode == 1
    assert done.stderr.startswith("error: --summary is no cron")


def test_where_no_server_answers_the_worker_says_so(empty_home: Home) -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = made.getsockname()[1]
    done = empty_home.call("env", f"PREFECT_API_URL=http://127.0.0.1:{port}/api", ONBENUT, "worker", "--cities", "gent")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no Prefect server answers"), done.stderr
