from opsplaybook.sources.engine import LocalEngine


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
