"""The same funnels on DuckDB and on PostgreSQL, through the same kind of source YAML."""

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml

from opsplaybook.metrics.funnels import (
    Exclusion,
    FunnelRule,
    Step,
    actions_after,
    durations,
    lost_units,
    occurrences,
    paths_after,
    reach,
    read_funnel,
)
from opsplaybook.sources import open_source

psycopg = pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")

START = datetime(2026, 3, 1, tzinfo=UTC)
PASSWORD = "not a secret: the server lives as long as this test"
USER = "opsplaybook"
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Unable to create Ibis UDFs:UserWarning",
)


def programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql (Debian: apt install postgresql)")
    return found[-1].parent


def unprivileged() -> dict[str, object]:
    """The server refuses to run as root: name another user where there is one."""
    if os.geteuid() != 0:
        return {}
    users = {user.pw_name for user in pwd.getpwall()}
    name = next((name for name in ("postgres", "nobody") if name in users), None)
    if name is None:
        pytest.skip("PostgreSQL does not run as root, and there is no other user")
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """Start a server on the loopback interface; give its address without the password."""
    binaries, other = programs(), unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="opsplaybook-postgres-"))
    if other:
        shutil.chown(folder, other["user"])
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data, port = folder / "data", free_port()
    run = {"cwd": folder, "check": True, "capture_output": True, "timeout": 120, **other}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256",
         f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync"],
        **run,
    )  # fmt: skip
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c timezone=America/New_York"
    control = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    # The server would keep a pipe open that the command is read from.
    subprocess.run(
        [*control, "-o", options, "start"],
        **run | {"capture_output": False},
        stdout=subprocess.DEVNULL,
    )
    yield f"postgres://{USER}:${{OPSPLAYBOOK_TEST_PASSWORD}}@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **run)
    shutil.rmtree(folder)


def activity() -> pd.DataFrame:
    """Draw three weeks of rows, a thousand times as many at one instant as elsewhere."""
    draw = random.Random(11)
    rows = []
    for number in range(120):
        account, user = f"A{number % 20:02d}", f"u{number:03d}"
        for _ in range(draw.randint(1, 12)):
            at = START + draw.randrange(40 * 24 * 60) * MINUTE
            rows.append((account, user, at, draw.choice("abcdex"), draw.choice(["web", "app"])))
    rows += [("A00", "u000", START + 40 * MINUTE, action, "web") for action in "cba" * 300]
    return pd.DataFrame(rows, columns=["account_id", "user_id", "at", "action", "platform"])


@pytest.fixture(scope="module")
def both(server, make_tables, tmp_path_factory):
    """Load the same rows from both."""
    rows = activity()
    address = server.replace("${OPSPLAYBOOK_TEST_PASSWORD}", PASSWORD.replace(" ", "%20"))
    with psycopg.connect(address.replace("postgres://", "postgresql://")) as connection:
        connection.execute(
            "CREATE TABLE clicks"
            " (account text, who text, clicked timestamptz, what text, place text)"
        )
        with connection.cursor().copy("COPY clicks FROM STDIN") as copy:
            for row in rows.itertuples(index=False):
                copy.write_row(row)
    columns = {"account_id": "account", "user_id": "who", "at": "clicked", "action": "what"}
    mapping = {
        "name": "Clicks",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "database": server,
        "tables": {"activity": {"table": "clicks", "columns": columns | {"platform": "place"}}},
    }
    path = tmp_path_factory.mktemp("postgres") / "source.yaml"
    path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPSPLAYBOOK_TEST_PASSWORD", PASSWORD.replace(" ", "%20"))
        source = open_source(path)
        remote = source.load([], in_engine=["activity"], as_of=date(2026, 4, 6))
        yield remote, make_tables({"activity": rows}, as_of=date(2026, 4, 6))
        source.stock.engine.backend.disconnect()


def step(action, **keys):
    return Step(action, {"action": (action,)}, **keys)


ABC = (step("a"), step("b"), step("c"))
WEEK = timedelta(days=7)
PERIOD = {"first_day": date(2026, 3, 3), "last_day": date(2026, 3, 30)}
RULES = {
    "any entry": FunnelRule(ABC, window=WEEK, segments=("platform",), **PERIOD),
    "first entry": FunnelRule(ABC, window=WEEK, anchor="first", **PERIOD),
    "strictly later": FunnelRule(ABC, window=WEEK, ties="later"),
    "windows per step": FunnelRule((step("a"), step("b", within=WEEK), step("c", within=WEEK))),
    "exclusion": FunnelRule(ABC, (Exclusion("x", {"action": ("x",)}),), window=2 * WEEK),
    "optional": FunnelRule((step("a"), step("b", optional=True), step("c")), window=WEEK),
    "repeated": FunnelRule(
        (step("a"), step("b"), Step("a again", {"action": ("a",)})), window=WEEK
    ),
    "strict": FunnelRule(ABC, window=WEEK, order="strict"),
    "any order": FunnelRule(ABC, window=WEEK, order="any"),
    "accounts": FunnelRule(ABC, window=WEEK, unit="account_id"),
    "two of the users": FunnelRule(ABC, window=WEEK, unit="account_id", quorum=2),
    "one platform": FunnelRule(ABC, window=WEEK, hold="platform"),
}


@pytest.mark.parametrize("name", RULES)
def test_units_are_the_same(both, name):
    found = []
    for tables in both:
        frame = read_funnel(tables, RULES[name]).units.to_pandas().sort_values("unit")
        found.append(
            frame.reset_index(drop=True).astype("object").where(frame.notna().to_numpy(), None)
        )
    remote, local = found
    assert len(local) >= 15
    assert local["level"].max() >= 2
    pd.testing.assert_frame_equal(remote, local, check_dtype=False)


def test_small_frames_are_the_same(both):
    numbers = []
    for tables in both:
        funnel = read_funnel(tables, RULES["any entry"])
        numbers.append(
            [
                reach(funnel, by=["platform"], cohort="week"),
                lost_units(funnel),
                durations(funnel, "b").counts,
                occurrences(tables, RULES["any entry"]),
                actions_after(funnel, "a", landmark=timedelta(days=1), minimum=1),
                paths_after(funnel, "a"),
            ]
        )
    for remote, local in zip(*numbers, strict=True):
        assert len(local) > 2
        pd.testing.assert_frame_equal(remote, local)
