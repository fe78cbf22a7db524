import base64
import zlib
from urllib.parse import quote

import pytest

from opsplaybook.errors import RenderError
from opsplaybook.report import leaks, masking, page

NAME = "Globex & Söhne AG"
SPLIT = "<svg><tspan>Globex &amp; Söhne </tspan><tspan>AG</tspan></svg>"


def embedded(kind: str, body: bytes) -> str:
    return f'<img src="data:{kind};base64,{base64.b64encode(body).decode()}" alt="">'


HIDING_PLACES = {
    "text": f"<td>{NAME}</td>",
    "entities": "<td>Globex &amp; S&ouml;hne&#32;AG</td>",
    "capitals and spaces": "<td>GLOBEX  &amp;\n Söhne ag</td>",
    "split by tags": "<td>Globex <b>&amp;</b> Söhne <i>A</i>G</td>",
    "attribute": f'<td title="{NAME}"></td>',
    "comment": f"<!-- {NAME} -->",
    "metadata": f'<meta name="description" content="{NAME}">',
    "address": f'<a href="tables/{quote(NAME)}.csv">x</a>',
    "SVG text": f'<img src="data:image/svg+xml,{quote(f"<svg><text>{NAME}</text></svg>")}">',
    "SVG text split by tags": f'<img src="data:image/svg+xml,{quote(SPLIT)}">',
    "SVG in base64": embedded("image/svg+xml", f"<svg><title>{NAME}</title></svg>".encode()),
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_a_name_is_found_wherever_it_hides(place):
    hits = leaks.scan(HIDING_PLACES[place], forbidden=["Initech", NAME])
    assert {(hit.kind, hit.text) for hit in hits} == {("forbidden name", NAME)}


@pytest.mark.parametrize(
    "chunk",
    [
        (b"tEXt", b"Title\0" + NAME.encode("latin-1")),
        (b"iTXt", b"Title\0\0\0\0\0" + NAME.encode()),
        (b"zTXt", b"Title\0\0" + zlib.compress(NAME.encode())),
        (b"eXIf", NAME.encode()),
    ],
)
def test_a_name_in_the_text_of_a_png_is_found_and_can_be_taken_out(make, chunk):
    picture = make.png(chunk)
    assert leaks.scan(embedded("image/png", picture), forbidden=[NAME])[0].place == "PNG picture"
    plain = leaks.png_without_texts(picture)
    assert plain == make.png()
    assert leaks.scan(embedded("image/png", plain), forbidden=[NAME]) == ()


@pytest.mark.parametrize(
    ("html", "forbidden"),
    [
        ("<td>Canada</td>", "Ada"),
        ("<td>A-12</td>", "A-1"),
        ("<td>our target is 25%</td>", "Target"),
        ("<td>99 accounts</td>", "99"),
        ("<td>AG</td>", "AG"),
        ("<td>Acme</td>", ""),
    ],
)
def test_what_is_no_name_is_no_hit(html, forbidden):
    assert leaks.scan(html, forbidden=[forbidden]) == ()


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("Globex Spain in Q2", []),
        ("GLOBEX  Spain", []),
        ("Globex Spain and Globex", ["Globex"]),
        ("Globex Spain Holding", ["Globex Spain Holding"]),
        ("Globex Spainish", ["Globex"]),
    ],
)
def test_a_name_within_the_own_name_is_no_leak_and_one_beside_it_is(text, hits):
    forbidden = ["Globex", "Globex Spain", "Globex Spain Holding"]
    found = leaks.scan(f"<p>{text}</p>", forbidden=forbidden, own=["Globex Spain"])
    assert [hit.text for hit in found] == hits


@pytest.mark.parametrize("text", ["Target", "TARGET"])
def test_a_name_that_is_a_word_counts_as_written_or_in_capitals(text):
    assert len(leaks.scan(f"<td>{text}</td>", forbidden=["Target"])) == 1


def test_what_the_template_says_is_no_name(make):
    html = page.render(make.review("customer"), audience="customer", forbidden=["Target"])
    assert "Target: 25%" in html


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/home/ana/acme.csv", "path of this machine"),
        ("mysql://u:p4ssw0rd@db/x", "credentials in an address"),
        ("sk-" + "a1" * 12, "key or token"),
        ("api_key=abcdef12", "password or token"),
        ("ana@globex.example", "e-mail address"),
        ("192.168.4.20", "private host"),
    ],
)
def test_shapes_are_found_in_text_and_in_pictures(text, kind):
    drawn = f'<img src="data:image/svg+xml,{quote(f"<svg><text>{text}</text></svg>")}">'
    assert kind in {hit.kind for hit in leaks.scan(f"<p>{text}</p>")}
    assert ("SVG picture", kind) in {(hit.place, hit.kind) for hit in leaks.scan(drawn)}


def test_coordinates_are_no_addresses():
    svg = quote('<svg><path d="M10.20.30.40 10.1.1.2"/><polyline points="10.1.2.3"/></svg>')
    assert leaks.scan(f'<img src="data:image/svg+xml,{svg}">') == ()


def test_numbers_along_an_axis_are_no_address():
    ticks = "".join(f"<text>{tick}</text>" for tick in ("0.1", "0.2", "0.3", "0.4"))
    assert leaks.scan(f'<img src="data:image/svg+xml,{quote(f"<svg>{ticks}</svg>")}">') == ()


def test_users_and_secret_variables_are_found(monkeypatch):
    masking.user_names.cache_clear()
    monkeypatch.setattr("getpass.getuser", lambda: "ana.kowal")
    monkeypatch.setenv("CRM_PASSWORD", "violet-heron")
    hits = leaks.scan("<p>run by ana.kowal with violet-heron</p>")
    masking.user_names.cache_clear()
    assert {hit.kind for hit in hits} == {"user name", "value of a secret environment variable"}
    assert all("violet-heron" not in str(hit) for hit in hits)


@pytest.mark.parametrize("name", ["root", "ubuntu", "al"])
def test_a_user_that_everybody_has_is_no_hit(monkeypatch, name):
    masking.user_names.cache_clear()
    monkeypatch.setattr("getpass.getuser", lambda: name)
    hits = leaks.scan(f"<p>the {name} cause</p>")
    masking.user_names.cache_clear()
    assert hits == ()


def test_the_refusal_names_five_and_counts_all():
    names = [f"Account {i:03d} GmbH" for i in range(12)]
    html = "".join(f"<td>{name}</td>" for name in names)
    with pytest.raises(RenderError, match="12 things found that a customer must not see") as caught:
        leaks.require_none(html, forbidden=names, fixed=())
    assert len(caught.value.examples) == 12
    assert "and 7 more" in str(caught.value)


def test_ten_thousand_names_cost_little():
    html = "".join(f"<td>word{i} €1,{i:03d}</td>" for i in range(5000))
    names = [f"Account {i:05d} GmbH" for i in range(10_000)]
    assert leaks.scan(html, forbidden=names) == ()
