"""A night under a real Prefect: three cities, one of which fails alone; its summary in every form, and who is told."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows.due import planned
from flows.log_lines import JsonLines
from flows.night_lines import CityLine, Night
from flows.night_summary import night_of_cities
from flows.night_writing import as_json_lines, as_markdown, as_text
from flows.notify import notify
from flows.workspace import Workspace
from sources._kit.city import load_city
from tests.flows.conftest import NAME, Home

NOW = datetime(2026, 5, 8, 5, tzinfo=UTC)
SECRET = "hook-secret-123"


@pytest.fixture
def three(own_home: Home) -> Home:
    """The made-up city three times: as it is, under another name, and one whose register is not there and never was."""
    for slug in ("anderstad", "kapotstad"):
        folder = own_home.space.sample / slug
        shutil.copytree(own_home.city.parent, folder)
        (folder / f"{NAME}.toml").rename(folder / f"{slug}.toml")
    broken = own_home.space.sample / "kapotstad" / "kapotstad.toml"
    broken.write_text(broken.read_text(encoding="utf-8").replace('"heritage.geojson"', '"nergens.geojson"'))
    return own_home


@pytest.fixture
def nightly_module(prefect_server: None) -> Any:
    """flows.nightly, imported once Prefect has a server of the tests' own."""
    import flows.nightly

    return flows.nightly


@pytest.fixture
def home_of_night(nightly_module: Any, three: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("ONBENUT_HOME", str(three.path))
    return three


def lines_of(home: Home) -> dict[str, dict[str, Any]]:
    (path,) = home.space.nights.glob("*.jsonl")
    return {
        line.get("city", "night"): line
        for line in map(json.loads, path.read_text().splitlines())
        if line["what"] != "feed"
    }


@pytest.mark.night
def test_one_city_fails_alone_and_only_what_is_due_runs(nightly_module: Any, home_of_night: Home) -> None:
    from prefect.artifacts import Artifact

    state = nightly_module.nightly([NAME, "anderstad", "kapotstad"], return_state=True)
    assert state.is_failed()
    assert "kapotstad" in state.message
    found = lines_of(home_of_night)
    assert found["anderstad"]["state"] == "new"
    assert found[NAME]["state"] == "new"  # the demo's own run of just now: it was not due
    assert found["kapotstad"]["state"] == "failed"
    assert "feed heritage" in found["kapotstad"]["why"]
    assert found["night"]["exit_status"] == 1
    assert not (home_of_night.space.outputs / "kapotstad").exists()
    artifact = Artifact.get("night")
    assert "kapotstad" in artifact.data  # type: ignore[union-attr, operator]
    # Its own cron fires into the same night: it was tried, so it is left alone.
    assert nightly_module.city("anderstad", return_state=True).name == "NotDue"


def test_deployments_limits_and_schedules_are_on_the_server(nightly_module: Any, home_of_night: Home) -> None:
    from prefect.client.orchestration import get_client

    import flows.deployments

    path = home_of_night.space.sample / "anderstad" / "anderstad.toml"
    text = path.read_text(encoding="utf-8").replace('path = "heritage.geojson"', 'url = "http://127.0.0.1:9/x.geojson"')
    path.write_text('schedule = { cron = "7 1 * * *" }\n' + text, encoding="utf-8")
    found, _made = flows.deployments.register(home_of_night.space, ["anderstad", "kapotstad"], per_host=3)
    assert found.limits["host:127.0.0.1"] == 3
    flows.deployments.register(home_of_night.space, ["anderstad"], per_host=2)
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name("host:127.0.0.1").limit == 2
        by_name = {one.name: one for one in client.read_deployments()}
    schedule: Any = by_name["anderstad"].schedules[0].schedule
    assert (schedule.cron, schedule.timezone) == ("7 1 * * *", "Europe/Brussels")
    assert by_name["kapotstad"].paused
    assert not by_name["anderstad"].paused
    assert by_name["all"].parameters == {"cities": ["anderstad"], "only_due": True}


def test_the_command_runs_a_night_without_a_server(three: Home) -> None:
    words = (sys.executable, "-m", "flows.cli", "night", "--due", "--cities", f"{NAME},kapotstad")
    done = three.call(*words)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^kapotstad +failed .*feed heritage", done.stdout, re.MULTILINE)
    assert next(iter(three.space.nights.glob("*.md"))).read_text().startswith("# Night of")
    wrong = three.call(sys.executable, "-m", "flows.cli", "night", "--cities", "nergens")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: no such city")


def summary(home: Home) -> Night:
    began = datetime.now(UTC)
    return night_of_cities(planned(home.space, [NAME]), home.space, began, began + timedelta(seconds=5))


def test_the_summary_says_of_each_feed_what_it_gave_and_what_was_matched(home: Home) -> None:
    night = summary(home)
    (city,) = night.cities
    feeds = {feed.feed: feed for feed in city.feeds}
    declared = load_city(home.city, home.space.cities).feeds
    assert list(feeds) == sorted(declared)
    register = feeds["vacancy_register"]
    assert register.rows
    assert 0.5 < (register.match_rate or 0) < 1
    assert register.refused
    assert register.seconds is not None
    assert feeds["grb"].match_rate is None
    assert night.exit_status == 0
    text = as_text(night)
    assert all(name in text and name in as_markdown(night) for name in feeds)
    kinds = [json.loads(line)["what"] for line in as_json_lines(night)]
    assert kinds == ["night", "city", *["feed"] * len(feeds)]


def test_a_second_run_shows_how_many_rows_came_or_went(own_home: Home) -> None:
    log = own_home.space.run_log(NAME)
    body = json.loads(log.read_text())
    rows = body["feeds"]["heritage"]["rows"]
    body["feeds"]["heritage"]["rows"] = {name: count * 2 for name, count in rows.items()}
    log.write_text(json.dumps(body))
    assert own_home.onbenut("run", own_home.city).returncode == 0
    feeds = {feed.feed: feed for feed in summary(own_home).cities[0].feeds}
    assert feeds["heritage"].change == -0.5
    assert feeds["grb"].change == 0


def test_a_city_without_a_record_was_killed_and_is_told(own_home: Home) -> None:
    own_home.space.run_log(NAME).unlink()
    night = summary(own_home)
    assert night.exit_status == 1
    assert "left a record" in (night.cities[0].why or "")


def test_nothing_of_a_row_reaches_the_summary(own_home: Home) -> None:
    log = own_home.space.run_log(NAME)
    body = json.loads(log.read_text())
    said = "a cell is wrong (city x, value Jan Janssens, Kerkstraat 1). Next step: ask Jan Janssens"
    body["feeds"]["heritage"]["fallback"] = f"{said}; used the snapshot of 2026-05-01 03:00 UTC"
    objection = "objections: 1 ids belong to no building that stands now: grb:123"
    body["warnings"] = [f"heritage: {said}", objection]
    log.write_text(json.dumps(body))
    night = summary(own_home)
    for form in (as_text(night), as_markdown(night), "\n".join(as_json_lines(night))):
        assert "Janssens" not in form
        assert "grb:123" not in form
        assert "a cell is wrong; used the snapshot of 2026-05-01 03:00 UTC" in form
    assert night.is_trouble


def test_logs_for_machines_hold_no_arguments_and_no_traceback() -> None:
    import logging

    try:
        raise ValueError("Jan Janssens")
    except ValueError:
        record = logging.LogRecord("flows", logging.ERROR, __file__, 1, "a build failed", None, sys.exc_info())
    line = json.loads(JsonLines("default").format(record))
    assert (line["level"], line["said"], line["error"]) == ("error", "a build failed", "ValueError")
    assert "Janssens" not in json.dumps(line)


def trouble() -> Night:
    return Night(NOW, NOW, [CityLine("gent", "failed", why="the service did not answer (feed grb)")])


class Hook:
    """A webhook on the loopback address."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


def test_a_webhook_is_told_of_trouble_and_of_a_good_night_only_when_asked() -> None:
    hook = Hook()
    given = {"ONBENUT_NOTIFY_WEBHOOK": hook.url}
    assert notify(trouble(), given) is None
    assert notify(Night(NOW, NOW, [CityLine("gent", "new")]), given) is None
    assert len(hook.bodies) == 1
    assert "1 failed" in hook.bodies[0]["text"]
    assert [json.loads(line)["what"] for line in hook.bodies[0]["lines"].splitlines()] == ["night", "city"]
    assert notify(Night(NOW, NOW, [CityLine("gent", "new")]), {**given, "ONBENUT_NOTIFY_WHEN": "always"}) is None
    assert "all well" in hook.bodies[1]["text"]
    hook.server.shutdown()
    hook.server.server_close()


@pytest.mark.parametrize("status", [500, 302])
def test_a_webhook_that_refuses_is_told_without_its_address(status: int) -> None:
    hook = Hook(status)
    reason = notify(trouble(), {"ONBENUT_NOTIFY_WEBHOOK": hook.url})
    hook.server.shutdown()
    hook.server.server_close()
    assert reason == "webhook: RefusedError"
    assert notify(trouble(), {"ONBENUT_NOTIFY_WEBHOOK": hook.url}) == "webhook: ConnectionError"


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand one message over."""

    taken: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        data: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if data is not None:
                if line != ".":
                    data.append(line)
                    continue
                Mail.taken.append("\n".join(data))
                data = None
            elif line.upper() == "DATA":
                data = []
                self.wfile.write(b"354 go on\r\n")
                continue
            if line.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 yes\r\n")


def test_a_mail_is_sent() -> None:
    Mail.taken = []
    with socketserver.TCPServer(("127.0.0.1", 0), Mail) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"127.0.0.1:{server.server_address[1]}"
        given = {"MAIL": "beheer@voorbeeldstad.example", "SMTP": where, "TLS": "none"}
        assert notify(trouble(), {f"ONBENUT_NOTIFY_{name}": value for name, value in given.items()}) is None
        # A server that cannot encrypt is refused unless the configuration says so.
        del given["TLS"]
        reason = notify(trouble(), {f"ONBENUT_NOTIFY_{name}": value for name, value in given.items()})
        assert reason == "mail: SMTPNotSupportedError"
        server.shutdown()
    (message,) = Mail.taken
    assert "Subject: Onbenut: trouble: 1 failed" in message
    assert "To: beheer@voorbeeldstad.example" in message
    assert "the service did not answer" in message


def test_a_block_of_prefect_sends_too(nightly_module: Any) -> None:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    hook = Hook()
    settings = {"name": "ops", "url": hook.url, "json_data": {"subject": "{{subject}}", "body": "{{body}}"}}
    block = CustomWebhookNotificationBlock.model_validate(settings)
    block.save("ops")
    assert notify(trouble(), {"ONBENUT_NOTIFY_BLOCK": "custom-webhook/ops"}) is None
    hook.server.shutdown()
    hook.server.server_close()
    assert "1 failed" in hook.bodies[0]["subject"]


def test_a_defect_is_told_by_its_place_and_not_by_its_words(tmp_path: Path) -> None:
    from flows.discreet import DefectError, discreet
    from flows.outcome import noting_failure

    space = Workspace(tmp_path)
    path = tmp_path / "stad.toml"
    path.write_text('name = "S"\nnis = "99002"\ncrs = "EPSG:31370"\n[feeds.osm]\nsource = "osm_extract"\npath = "a"\n')
    with pytest.raises(DefectError), noting_failure(load_city(path, space.cities), space), discreet("stad"):
        raise RuntimeError("could not read 'Jan Janssens'")
    note = space.failure_log("stad").read_text()
    assert "Janssens" not in note
    assert "RuntimeError" in note
    assert "test_nightly.py:" in note
