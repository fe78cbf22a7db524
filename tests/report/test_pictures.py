import base64
import io
from urllib.parse import quote

import pytest
from PIL import Image

from opsplaybook.report import pictures

ACTIVE = {
    "script": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "handler": '<svg xmlns="http://www.w3.org/2000/svg"><path onclick="alert(1)"/></svg>',
    "foreign": '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>',
    "remote": '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://x.example/a.png"/></svg>',
    "link": '<svg xmlns="http://www.w3.org/2000/svg"><a href="javascript:alert(1)"/></svg>',
    "entity": '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    "broken": "<svg><path></svg>",
}


def grey_png(side: int = 40, **info) -> str:
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(buffer, "PNG", **info)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize("kind", ACTIVE)
def test_a_drawing_that_does_more_than_draw_is_not_embedded(kind):
    assert not pictures.is_plain(ACTIVE[kind])
    assert pictures.of_chart(ACTIVE[kind], "image/svg+xml", 10, 10) is None
    assert pictures.of_output(ACTIVE[kind], "", 0, 0) is None


def test_the_picture_of_a_chart_is_embedded_as_it_is(make):
    picture = pictures.of_chart(make.svg("a < b & “c”"[:1]), "image/svg+xml", 640, 200)
    assert picture.src.startswith("data:image/svg+xml,%3Csvg xmlns=%22http")
    assert (picture.width, picture.height) == (640, 200)
    assert '"' not in picture.src
    assert "#" not in picture.src


def test_an_address_is_written_as_the_standard_library_writes_it():
    letters = "".join(map(chr, [*range(32, 127), 233, 8364, 128522])).replace("&", "&amp;")
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg"><text>{letters.replace("<", "")}</text></svg>'
    )
    picture = pictures.of_chart(drawing, "image/svg+xml", 10, 10)
    written = quote(" ".join(drawing.split()), safe=" !$&'()*+,-./:;=?@[]^_`{|}~")
    assert picture.src == f"data:image/svg+xml,{written}"


def test_texts_of_a_png_are_taken_out(make):
    image = base64.b64encode(make.png((b"tEXt", b"Author\0Ana"))).decode()
    picture = pictures.of_chart(image, "image/png", 8, 8)
    assert picture.src == "data:image/png;base64," + base64.b64encode(make.png()).decode()


def test_a_plot_is_scoured_and_measured_in_pixels(make):
    svg = '<?xml version="1.0"?><!-- Matplotlib --><svg xmlns="http://www.w3.org/2000/svg" '
    svg += 'width="300pt" height="150pt" viewBox="0 0 300 150"><metadata>2026</metadata>'
    svg += '<path id="long_name" d="M 0.00000 0.00000 L 10.00000 10.00000"/></svg>'
    picture = pictures.of_output(svg, "", 0, 0)
    assert (picture.width, picture.height) == (400, 200)
    assert "2026" not in picture.src
    assert "Matplotlib" not in picture.src
    assert len(picture.src) < len(svg)


def test_a_png_gets_a_palette_of_64_colours_on_a_white_plate():
    picture = pictures.of_output("", grey_png(), 20, 20)
    data = base64.b64decode(picture.src.partition(",")[2])
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    assert len(image.convert("RGB").getcolors()) <= 64
    assert (picture.width, picture.height) == (20, 20)
    assert pictures.of_output("", grey_png(), 0, 0).width == 40


def test_a_large_drawing_gives_way_to_a_smaller_png(make):
    dots = "".join(f'<path d="M{i} {i}h1v1h-1z" fill="#{i % 999:03d}"/>' for i in range(4000))
    large = make.svg("x").replace("<text", dots + "<text")
    assert pictures.of_output(large, grey_png(), 20, 20).src.startswith("data:image/png")
    assert pictures.of_output(make.svg("x"), grey_png(), 20, 20).src.startswith("data:image/svg")


@pytest.mark.parametrize("data", ["", "bm90IGEgcGljdHVyZQ=="])
def test_a_damaged_picture_is_none(data):
    assert pictures.of_output("", data, 0, 0) is None


def test_the_same_picture_gives_the_same_bytes():
    png = grey_png()
    first = pictures.of_output("", png, 20, 20)
    pictures.of_output.cache_clear()
    assert pictures.of_output("", png, 20, 20) == first
