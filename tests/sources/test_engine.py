import pytest

from opsplaybook.sources import open_source
from opsplaybook.sources.engine import LocalEngine

ACTIONS = ["viewed", 'it\'s "signed"', "", "Ünïcode <b>", "viewed"]


def test_what_does_not_fit_into_memory_is_spilled_and_cleared_away():
    engine = LocalEngine("UTC")
    spill = engine.folder.with_name(f"{engine.folder.name}-spill")
    for setting in ("memory_limit = '60MB'", "threads = 1"):
        engine.execute(f"SET {setting}")
    numbers = "CREATE TABLE kept AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(6000000) t(i)"
    engine.execute(numbers)
    assert engine.rows("SELECT count(*) AS rows FROM kept") == [{"rows": 6_000_000}]
    assert spill.is_dir()
    del engine
    assert not spill.exists()


def kept(texts: list[str | None], coded: list[str]) -> LocalEngine:
    """An engine that keeps a table of texts."""
    engine = LocalEngine("UTC")
    rows = engine.backend.create_table("given", schema={"place": "int64", "action": "string"})
    for place, text in enumerate(texts):
        engine.connection.execute("INSERT INTO given VALUES (?, ?)", [place, text])
    engine.keep("kept", rows, coded=coded)
    return engine


def type_of(engine: LocalEngine) -> str:
    columns = engine.rows("DESCRIBE kept")
    return next(column["column_type"] for column in columns if column["column_name"] == "action")


def test_coded_texts_come_back_as_they_went_in():
    engine = kept([*ACTIONS, None], ["action"])
    assert type_of(engine).startswith("ENUM")
    rows = engine.arrow(engine.backend.table("kept").order_by("place"))
    assert str(rows.schema.field("action").type) == "string"
    assert rows["action"].to_pylist() == [*ACTIONS, None]


@pytest.mark.parametrize("coded", [[], ["action"]])
def test_a_column_answers_alike_coded_or_not(coded):
    engine = kept([*ACTIONS, None], coded)
    table = engine.backend.table("kept")
    action = table["action"]

    def places(condition) -> list[int]:
        return engine.arrow(table.filter(condition).order_by("place"))["place"].to_pylist()

    assert places(action == "viewed") == [0, 4]
    assert places(action == "no such action") == []
    assert places(action.isin(["", "no such action"])) == [2]
    assert places(action.fill_null("none") == "none") == [5]
    assert places(action.upper() == "VIEWED") == [0, 4]
    ends = engine.arrow(table.agg(first=action.min(), last=action.max())).to_pylist()
    assert ends == [{"first": "", "last": "Ünïcode <b>"}]
    other = engine.view("other", "SELECT 9::BIGINT AS place, 'no such action' AS action")
    both = engine.arrow(table.union(other).order_by("place"))["action"].to_pylist()
    assert both == [*ACTIONS, None, "no such action"]


@pytest.mark.parametrize("texts", [[None], [f"action {i}" for i in range(1_001)]])
def test_columns_without_a_text_or_with_too_many_stay_as_they_are(texts):
    assert type_of(kept(texts, ["action"])) == "VARCHAR"


def test_actions_of_a_source_are_coded_and_leave_it_as_texts(make_source, tmp_path):
    lines = [
        "user_id,at,action",
        *(f"u{n % 7},2026-01-0{n % 9 + 1},act {n % 3}" for n in range(90)),
    ]
    source = make_source({"a.csv": "\n".join(lines)}, {"activity": {"file": "a.csv"}})
    frame = source.load(["activity"])["activity"]
    assert str(frame["action"].dtype) == "str"
    assert frame["action"].value_counts().to_dict() == {"act 0": 30, "act 1": 30, "act 2": 30}
    engine = source.stock.engine
    kind = engine.rows("SELECT DISTINCT typeof(action) AS kind FROM staged_activity")
    assert kind == [{"kind": "ENUM('act 0', 'act 1', 'act 2')"}]
    source.snapshot(tmp_path / "snapshot")
    again = open_source(tmp_path / "snapshot").load(["activity"])["activity"]
    key = ["user_id", "at", "action"]
    assert again.sort_values(key).to_csv(index=False) == frame.sort_values(key).to_csv(index=False)
