import pytest

from opsplaybook.report import markdown


def html(source: str, **options) -> str:
    return str(markdown.to_html(source, caption="Summary", **options)).strip()


@pytest.mark.parametrize(
    "money",
    [
        "ARR at risk fell from $1.2M to $0.9M, and costs by $30.",
        "It cost $5, not $6.",
        "between $ 5 and 6 $ per seat",
        "a price of 5$ or 6$",
        "`$x$` in code",
    ],
)
def test_money_stays_money(money):
    assert "<math" not in html(money)
    assert html(money).count("$") == money.count("$")


@pytest.mark.parametrize(
    "formula", [r"where $\beta$ is it", "$x$", "$$x$$", "$$\nx_i\n$$", "so\n\n$$x$$\n\nand"]
)
def test_formulas_become_mathml(formula):
    assert html(formula).count("<math") == 1
    assert "$" not in html(formula)


def test_headings_skip_no_level_and_leave_the_first_two_to_the_page():
    text = html("# One\n\n#### Two\n\n###### Three\n\n### Four")
    assert [text[i + 2] for i in range(len(text)) if text.startswith("<h", i)] == [
        "3",
        "4",
        "5",
        "3",
    ]


def test_tables_get_a_caption_scopes_and_numbers_to_the_right():
    text = html("| Measure | Before |\n|---|---:|\n| Tickets | 6.4 |")
    assert "<caption>Summary</caption>" in text
    assert '<th scope="col" class="n">Before</th>' in text
    assert '<td class="n">6.4</td>' in text
    assert '<div class="scroll" tabindex="0" role="group" aria-label="Summary">' in text


def test_links_to_headings_are_written_as_this_page_names_them():
    assert 'href="#section-how-we-count"' in html("[see](#How-we-count)")


def test_pasted_pictures_are_embedded_and_named_others_are_not():
    pictures = {"a.png": "data:image/png;base64,iVBORw0KGgo="}
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in html(
        "![x](attachment:a.png)", pictures=pictures
    )
    assert html("![secret](/etc/passwd)") == "<p>secret</p>"
    assert html("![x](https://x.example/a.png)") == "<p>x</p>"


def test_what_could_run_is_gone():
    text = html("Note <img src=x onerror=alert(1)> <b>b</b>\n\n[x](javascript:alert(1))")
    assert "onerror" not in text
    assert "javascript:" not in text
    assert "<b>b</b>" in text


def test_a_forged_place_of_a_formula_is_nothing():
    assert html("a\ue0000\ue001b") == "<p>a0b</p>"


def test_titles_are_text():
    assert markdown.plain("The *first* `step` <b>$1</b>") == "The first step $1"
    assert markdown.slug("Ångström & Söhne!") == "ångström-söhne"
    assert markdown.slug("???") == "part"
