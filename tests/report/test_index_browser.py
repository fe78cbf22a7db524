"""The index in a browser: search, filters, sorting, keyboard, phone, and without scripts."""

from importlib.resources import files

import pytest

from opsplaybook.report import RunEntry, RunFailure, index_page

SUBJECTS = "() => [...document.querySelectorAll('tbody tr:not([hidden]) th a')].map((a) => a.text)"

WATCH_SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifted += e.value;
  }).observe({type: "layout-shift", buffered: true});
}"""
RUN = "(window.ran=window.ran||[]).push(1)"


def entry(number: int) -> RunEntry:
    failed = number % 10 == 7
    word, mark, tone = [("Scale", "▲", "good"), ("Stop", "▼", "bad")][number % 2]
    figure = {"key": "use", "label": "Use", "value": f"{number} h", "raw": float(number % 5)}
    return RunEntry(
        "failed" if failed else "succeeded",
        f"run-{number:03d}",
        f"Account {number:03d}",
        "account_review",
        href=f"run-{number:03d}/report.html",
        duration_seconds=float(number),
        verdict=None if failed else {"word": word, "mark": mark, "tone": tone, "sentence": "So."},
        key_figures=() if failed else (figure | {"trend": (1.0, 2.0)},),
        failure=RunFailure("KeyError", "amount", 3) if failed else None,
    )


@pytest.fixture(scope="module")
def html() -> str:
    return index_page([entry(number) for number in range(60)])


@pytest.fixture
def page(open_page, html):
    opened = open_page(html)
    assert opened.seen == []
    return opened


def axe_findings(page) -> list[str]:
    page.evaluate(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document)")["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:100]}" for item in found]


def status(page) -> str:
    return page.get_by_role("status").inner_text()


def test_failures_stand_first_and_all_are_there(page):
    subjects = page.evaluate(SUBJECTS)
    assert subjects[:7] == [f"Account 0{n}7" for n in range(6)] + ["Account 000"]
    assert (len(subjects), status(page)) == (60, "60 of 60 runs")


def test_search_looks_for_all_words_in_any_order(page):
    page.get_by_label("Search").fill("scale 01")
    assert page.evaluate(SUBJECTS) == [f"Account 01{n}" for n in (0, 2, 4, 6, 8)]
    assert status(page) == "5 of 60 runs"


def test_filters_combine_and_can_be_cleared(page):
    page.locator("select[name=verdict]").select_option("Stop")
    page.locator("select[name=status]").select_option("failed")
    assert page.evaluate(SUBJECTS) == []
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("() => document.querySelectorAll('tr[hidden]').length === 0")
    assert status(page) == "60 of 60 runs"


def test_sorting_turns_around_and_leaves_missing_numbers_last(page):
    use = page.get_by_role("columnheader", name="Use")
    use.get_by_role("button").click()
    first = page.evaluate(SUBJECTS)
    assert use.get_attribute("aria-sort") == "ascending"
    use.get_by_role("button").click()
    last = page.evaluate(SUBJECTS)
    assert use.get_attribute("aria-sort") == "descending"
    assert (first[0], last[0]) == ("Account 000", "Account 004")
    assert {name[-1] for name in first[-6:]} == {name[-1] for name in last[-6:]} == {"7"}


def test_sorting_works_by_keyboard(page):
    page.get_by_role("button", name="Took").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(SUBJECTS)[:2] == ["Account 000", "Account 001"]


def test_what_was_chosen_is_in_the_address_and_comes_back(page):
    page.get_by_label("Search").fill("Account 05")
    page.get_by_role("button", name="Took").click()
    page.get_by_role("button", name="Took").click()
    chosen = page.evaluate(SUBJECTS)
    assert page.url.endswith("#words=Account+05&sort=-4")
    page.reload()
    assert (
        page.evaluate(SUBJECTS)
        == chosen
        == [
            *(f"Account 05{n}" for n in range(9, -1, -1)),
            "Account 005",
        ]
    )
    assert status(page) == "11 of 60 runs"


@pytest.mark.parametrize("hash_", ["#sort=99", "#sort=x", "#words=%E0%A4%A", "#verdict=none"])
def test_a_damaged_address_breaks_nothing(open_page, html, hash_):
    page = open_page(html)
    page.goto(page.url + hash_)
    page.reload()
    assert [line for line in page.seen if not line.startswith("file:")] == []
    assert status(page)


def test_without_scripts_the_list_is_there_and_the_filters_are_not(open_page, html):
    page = open_page(html, java_script_enabled=False)
    assert page.locator("tbody tr:visible").count() == 60
    assert not page.get_by_label("Search").is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_on_the_desk_and_on_a_phone(open_page, html, scheme, width):
    page = open_page(html, color_scheme=scheme, width=width)
    assert axe_findings(page) == []
    excess = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(excess) == 0


def test_a_thousand_runs_do_not_shift_and_are_sorted_and_filtered(open_page):
    page = open_page(index_page([entry(number) for number in range(1000)]))
    assert page.seen == []
    page.evaluate(WATCH_SHIFTS)
    page.get_by_role("button", name="Took").click()
    page.get_by_role("button", name="Took").click()
    page.get_by_label("Search").fill("run-99")
    assert page.evaluate(SUBJECTS) == [f"Account {n}" for n in range(999, 989, -1)]
    assert status(page) == "10 of 1,000 runs"
    page.get_by_label("Search").fill("")
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(100)
    assert page.evaluate("() => window.shifted") < 0.01


@pytest.mark.parametrize("text", [f'<img src=x onerror="{RUN}">', f'"><script>{RUN}</script>'])
def test_nothing_from_data_runs_whether_the_policy_is_on_or_off(open_page, text):
    verdict = {"word": text, "mark": text, "tone": "good", "sentence": text}
    figure = {"key": text, "label": text, "value": text, "raw": 1.0, "trend": (1.0, 2.0)}
    failure = RunFailure(text, text, 1)
    common = {"verdict": verdict, "key_figures": (figure,)}
    runs = [
        RunEntry("succeeded", text, text, text, href=f"a/{text}/report.html", **common),
        RunEntry("failed", text, text, text, failure=failure, **common),
    ]
    for bypass in (False, True):
        page = open_page(index_page(runs, title=text), bypass_csp=bypass)
        page.get_by_role("columnheader").nth(3).get_by_role("button").click()
        page.get_by_label("Search").fill("img")
        page.reload()
        page.wait_for_timeout(50)
        assert page.evaluate("() => window.ran ?? []") == []
        assert page.locator("tbody img, tbody script").count() == 0


def test_on_a_phone_each_number_has_its_label(open_page, html):
    page = open_page(html, width=390)
    label = "() => getComputedStyle(document.querySelector('td.n:not(:empty)'), '::before').content"
    assert page.evaluate(label) in ('"Use: "', '"Took: "')
    assert page.get_by_role("table").get_by_role("row").count() == 61
    assert page.get_by_role("button", name="Took").is_visible()


def test_on_paper_it_is_a_table_also_on_narrow_sheets(open_page, html):
    page = open_page(html, width=718)
    page.emulate_media(media="print")
    display = "() => getComputedStyle(document.querySelector('tbody tr')).display"
    assert page.evaluate(display) == "grid"
    assert page.locator("form:visible").count() == 0
