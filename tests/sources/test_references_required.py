"""Keys that are asked for must exist, and a slip of the pen is answered with the right one."""

import pytest

from opsplaybook.errors import UsageError
from opsplaybook.sources import open_source


@pytest.fixture(scope="module")
def source():
    return open_source("sample?accounts=40")


def test_known_keys_pass(source):
    source.require_known("event_id", ["EV-01", "EV-09"])


def test_unknown_keys_are_all_named_with_near_ones(source):
    with pytest.raises(UsageError) as caught:
        source.require_known("event_id", ["EV-01", "EV-O9", "fair"])

    text = str(caught.value)
    assert "2 values are not among the 12 keys" in text
    assert '"EV-O9"; did you mean EV-09?' in text
    assert '"fair"' in text
    assert caught.value.exit_code == 2


def test_columns_that_are_no_key_are_not_checked(source):
    source.require_known("region", ["nowhere"])
