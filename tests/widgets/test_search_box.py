import asyncio

import pandas as pd
import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources import Hits
from opsplaybook.widgets.choices import SHOWN_HITS, Choices, choices_of
from opsplaybook.widgets.search_box import REST_SECONDS, SearchBox

ACCOUNTS = 20_000


@pytest.fixture(scope="module")
def large(open_in_memory):
    """A source with 20,000 accounts; every hundredth is a bakery."""
    kinds = ["Bakery" if number % 100 == 0 else "Works" for number in range(ACCOUNTS)]
    rows = pd.DataFrame(
        {
            "account_id": [f"A-{number:05}" for number in range(ACCOUNTS)],
            "name": [f"{kind} No {number}" for number, kind in enumerate(kinds)],
        }
    )
    return choices_of(open_in_memory({"accounts": rows}), "account_id")


def typed(box, *texts, every_seconds=0.0):
    async def hand():
        for text in texts:
            box._typed.value = text
            await asyncio.sleep(every_seconds)
        await asyncio.sleep(2 * REST_SECONDS)

    asyncio.run(hand())


def offered(box):
    return list(box._offered.options) if box._offered.layout.display != "none" else []


def test_what_is_typed_is_searched_in_all_accounts_and_some_are_offered(large):
    box = SearchBox(lambda: large, "")
    typed(box, "bakery")
    assert len(offered(box)) == SHOWN_HITS
    assert offered(box)[0] == "A-00000 · Bakery No 0"
    assert "The first 50 of 200" in box._said.value
    typed(box, "BAKERY 19900")
    assert offered(box) == ["A-19900 · Bakery No 19900"]
    assert box._said.value == ""


def test_only_the_last_of_many_letters_is_searched():
    asked = []

    def search(text):
        asked.append(text)
        return Hits({"B": "Bakery"} if text else {}, 1)

    choices = Choices(search)
    box = SearchBox(lambda: choices, "")
    asked.clear()
    typed(box, "b", "ba", "bak", "bake", every_seconds=REST_SECONDS / 10)
    assert set(asked) == {"bake"}
    assert offered(box) == ["B · Bakery"]


def test_the_one_that_is_chosen_is_the_value_and_the_list_goes(large):
    box = SearchBox(lambda: large, "")
    heard = []
    box.observe(lambda change: heard.append(change["new"]), names="value")
    typed(box, "No 123")
    box._offered.value = next(text for text in offered(box) if text.startswith("A-00123"))
    assert box.value == box._typed.value == "A-00123 · Works No 123"
    assert offered(box) == []
    assert heard == ["No 123", "A-00123 · Works No 123"]
    assert large.key_of(box.value) == "A-00123"


def test_a_key_that_is_typed_whole_needs_no_list(large):
    box = SearchBox(lambda: large, "")
    typed(box, "a-19999")
    assert offered(box) == []
    assert large.key_of(box.value) == "A-19999"
    assert "A-19999" in large
    assert "a-19999" not in large


def test_what_the_source_does_not_have_stays_for_the_form_to_judge(large):
    box = SearchBox(lambda: large, "A-00001")
    typed(box, "A-20000")
    assert (box.value, offered(box)) == ("A-20000", [])
    assert large.key_of("A-20000") == "A-20000"
    assert "A-20000" not in large


def test_a_source_that_is_gone_is_said_below_the_box():
    def search(_):
        raise SourceError("the connection is closed", where="crm")

    choices = Choices(search)
    box = SearchBox(lambda: choices, "")
    typed(box, "x")
    assert "the connection is closed" in box._said.value
