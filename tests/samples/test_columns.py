import numpy as np
import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, dtypes
from opsplaybook.samples.clock import TIMEZONE
from opsplaybook.samples.columns import MISSING, frame, generator, pick, serial


def test_a_missing_code_is_a_missing_text():
    assert pd.Series(pick(["a", "b"], np.array([1, MISSING, 0]))).isna().tolist() == [
        False,
        True,
        False,
    ]


def test_serial_numbers_are_wide_enough():
    assert serial("A-", 3).to_pylist() == ["A-0001", "A-0002", "A-0003"]
    assert serial("A-", 12_345)[0].as_py() == "A-00001"


@pytest.mark.parametrize("name", TABLES)
def test_columns_that_are_not_given_are_missing_in_their_type(name):
    column, dtype = next(iter(dtypes(TABLES[name], timezone=TIMEZONE).items()))
    table = frame(name, {column: pd.Series([pd.NA, pd.NA], dtype=dtype)})
    assert table.isna().all(axis=None)
    assert dict(table.dtypes) == dtypes(TABLES[name], timezone=TIMEZONE)


def test_a_column_that_the_contract_does_not_know_is_refused():
    with pytest.raises(KeyError, match="colour"):
        frame("accounts", {"account_id": ["A-1"], "colour": ["red"]})


def test_topics_draw_their_own_numbers():
    one, again, other = (generator(7, topic).random(4) for topic in ("use", "use", "deals"))
    assert (one == again).all()
    assert not (one == other).any()
