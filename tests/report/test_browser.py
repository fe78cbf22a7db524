"""What a reader's browser makes of a report: the limits below are what a busy reader notices."""

import base64
import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from opsplaybook.report import render, sanitize
from opsplaybook.report.outputs import WIDGET_MIME

SIZE_BYTES = 307_200
"""A mail takes it, a phone loads it."""
COMPRESSED_BYTES = 102_400
STYLE_BYTES = 8_192
ELEMENTS = 4_000
LAYOUT_SHIFT = 0.01
SMALLEST_TEXT_PX = 12
SMALLEST_TARGET_PX = 24
TEXT_WITHOUT_SCRIPT = 0.98
"""Share of the text that is there without JavaScript."""

NOTEBOOKS = sorted(Path(__file__).parents[2].glob("notebooks/*.ipynb"))
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

STRUCTURE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const levels = all("h1,h2,h3,h4,h5,h6").map((heading) => +heading.localName[1]);
  return {
    elements: all("*").length,
    h1: levels.filter((level) => level === 1).length,
    skipped: levels.filter((level, i) => i && level > levels[i - 1] + 1).length,
    main: all("main").length,
    skip: all("a")[0].textContent.startsWith("Skip"),
    pictures_without_alt: all("img").filter((image) => !image.alt).length,
    drawings_without_name: all("svg").filter((svg) => svg.ariaHidden !== "true").length,
    tables_without_caption: all("table").filter((table) => !table.caption).length,
    headers_without_scope: all("th").filter((th) => !th.scope).length,
    handlers: all("*").filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
    scripts: all("script").length,
    broken_links: all('a[href^="#"]').map((a) => a.hash.slice(1))
      .filter((name) => !document.getElementById(name)),
  };
}"""
PHONE = """() => {
  const shown = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const small = [];
  for (let node; (node = texts.nextNode());)
    if (node.data.trim() && shown(node.parentElement)
        && parseFloat(getComputedStyle(node.parentElement).fontSize) < SMALLEST_TEXT)
      small.push(node.data);
  const targets = [...document.querySelectorAll("a[href],summary,button,input,select")]
    .filter((e) => shown(e) && !(e.localName === "a" && e.closest("p,td,dd,li")))
    .map((e) => e.getBoundingClientRect());
  return {
    overflow: document.scrollingElement.scrollWidth - document.documentElement.clientWidth,
    small,
    small_targets: targets.filter((r) => Math.min(r.width, r.height) < SMALLEST_TARGET).length,
  };
}""".replace("SMALLEST_TEXT", str(SMALLEST_TEXT_PX)).replace(
    "SMALLEST_TARGET", str(SMALLEST_TARGET_PX)
)
TOUCH_ALL = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const e of document.querySelectorAll("*")) e.dispatchEvent(new MouseEvent("mouseover"));
}"""
WIDER_THAN_PAPER = """() => [...document.querySelectorAll("table,img,pre,svg")]
  .filter((e) => e.getBoundingClientRect().right > 719).map((e) => e.outerHTML.slice(0, 80))"""


def run_here(number: int) -> str:
    return f"<img src=x onerror=\"(window.ran=window.ran||[]).push('{number}')\">"


def foreign(make, *tags) -> dict:
    """Return a notebook of outputs that are not ours, a script in each channel that has one."""
    svg = make.svg("x").replace("<text", f"<title>{run_here('svg')}</title><text")
    rows = "".join(f"<tr><th>{i}</th><td>{i * 7.5}</td><td>€{i}</td></tr>" for i in range(200))
    bundles = [
        {"text/html": f"<table border=1><tr><th></th><th>n</th></tr>{rows}</table>"},
        {"text/html": f"<style>td{{color:red}}</style><td>{run_here('styler')}</td>"},
        {},
        {"text/html": f"<h1>T</h1><p onclick='x'>{run_here('html')}</p><script>ran=[1]</script>"},
        {"text/html": "<a href='javascript:alert(1)'>x</a><iframe srcdoc='<b>1</b>'></iframe>"},
        {"text/html": "<svg><script>(window.ran=window.ran||[]).push('inline')</script></svg>"},
        {"text/markdown": f"### Top: {run_here('markdown')}\n\n[x](javascript:alert(1))"},
        {"text/latex": run_here("latex")},
        {"text/plain": run_here("plain")},
        {"text/vnd.mermaid": f"graph LR; </pre>{run_here('mermaid')}"},
        {"application/javascript": "(window.ran=window.ran||[]).push('javascript')"},
        {WIDGET_MIME: {"model_id": "1"}, "text/plain": run_here("widget")},
        {"image/svg+xml": svg},
        {"image/png": base64.b64encode(make.png((b"tEXt", b"Title\0x"))).decode()},
    ]
    error = {"output_type": "error", "ename": "E", "evalue": run_here("e"), "traceback": []}
    stream = {"output_type": "stream", "name": "stdout", "text": run_here("stdout")}
    outputs = [*map(make.shown, bundles), error, stream]
    return make.notebook(
        make.prose("# Pasted together\n\nARR fell from $1.2M to $0.9M."),
        make.prose(f"## Notes\n\nA colleague: {run_here('prose')}\n\n$$\\alpha_i = \\beta$$"),
        *(make.code("x", out, tags=tags, alt="One dot.") for out in outputs),
        make.prose("## Tables\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## End\n\nEnd."),
    )


@pytest.fixture(scope="module")
def pages(make) -> dict[str, str]:
    """Reports of every kind, by name."""
    many = make.review("customer")
    for number in range(5):
        drawn, listed = make.chart(f"c{number}", audience="customer"), make.table(f"t{number}")
        many["cells"].insert(7, make.code("x", make.shown(drawn), make.shown(listed)))
    written = {
        "internal": render(many, audience="internal", tables_folder="tables"),
        "customer": render(many, audience="customer"),
        "foreign": render(foreign(make), audience="internal"),
        "foreign customer": render(foreign(make, "customer"), audience="customer"),
    }
    for path in NOTEBOOKS:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for audience in ("internal", "customer"):
            written[f"{path.stem} {audience}"] = render(notebook, audience=audience)
    return written


KINDS = ["internal", "customer", "foreign", "foreign customer"]
KINDS += [f"{path.stem} {audience}" for path in NOTEBOOKS for audience in ("internal", "customer")]
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def desk(browser, make, pages, tmp_path_factory):
    """Open each kind of report once, on a desk, for the tests that only look at it."""
    opened = {}

    def look(kind: str):
        if kind not in opened:
            path = tmp_path_factory.mktemp("desk") / "page.html"
            path.write_text(pages[kind], encoding="utf-8")
            page = opened[kind] = browser.new_page(viewport={"width": 1280, "height": 844})
            make.watch(page, path)
        return opened[kind]

    yield look
    for page in opened.values():
        page.close()


def violations(page) -> list[str]:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:100]}" for item in found]


@every_kind
def test_the_page_is_small(pages, kind):
    data = pages[kind].encode()
    styles = re.findall(rb"<style>.*?</style>", data, re.DOTALL)
    assert len(data) <= SIZE_BYTES
    assert len(gzip.compress(data)) <= COMPRESSED_BYTES
    assert sum(map(len, styles)) <= STYLE_BYTES


@every_kind
def test_it_asks_for_nothing_and_nothing_complains_or_runs(desk, kind):
    page = desk(kind)
    page.wait_for_timeout(50)
    assert page.seen == []
    assert page.evaluate("() => window.ran ?? []") == []


@every_kind
def test_its_structure_can_be_navigated(desk, kind):
    found = desk(kind).evaluate(STRUCTURE)
    assert found.pop("elements") <= ELEMENTS
    assert found == {
        "h1": 1, "skipped": 0, "main": 1, "skip": True, "pictures_without_alt": 0,
        "drawings_without_name": 0, "tables_without_caption": 0, "headers_without_scope": 0,
        "handlers": 0, "scripts": 0, "broken_links": [],
    }  # fmt: skip


@every_kind
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(desk, kind, scheme):
    page = desk(kind)
    page.emulate_media(color_scheme=scheme)
    paper = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[scheme]
    assert violations(page) == []


@every_kind
def test_on_a_phone_nothing_sticks_out_and_everything_can_be_read_and_hit(open_page, pages, kind):
    page = open_page(pages[kind], width=390, is_mobile=True, has_touch=True)
    assert page.evaluate(PHONE) == {"overflow": 0, "small": [], "small_targets": 0}


def test_on_a_phone_a_figure_grows_when_it_is_touched_and_shrinks_again(open_page, pages):
    page = open_page(pages["internal"], width=390, is_mobile=True, has_touch=True)
    width = "() => document.querySelector('.pan img').getBoundingClientRect().width"
    assert page.evaluate(width) == 390
    page.locator(".pan").first.tap()
    assert page.evaluate(width) == 640
    assert page.evaluate(PHONE)["overflow"] == 0
    page.locator("h1").tap()
    assert page.evaluate(width) == 390


@every_kind
def test_all_of_it_is_there_without_javascript(open_page, desk, pages, kind):
    with_script = desk(kind).locator("body").inner_text()
    without = open_page(pages[kind], java_script_enabled=False).locator("body").inner_text()
    assert len(without) >= TEXT_WITHOUT_SCRIPT * len(with_script)


@every_kind
def test_nothing_runs_when_the_policy_is_off(open_page, pages, kind):
    page = open_page(pages[kind], bypass_csp=True)
    page.wait_for_timeout(100)
    assert page.evaluate("() => window.ran ?? []") == []


def test_the_policy_holds_when_the_sanitiser_is_off(open_page, make, monkeypatch):
    monkeypatch.setattr(sanitize, "clean", lambda html: html)
    html = render(foreign(make), audience="internal")
    stopped, unprotected = open_page(html), open_page(html, bypass_csp=True)
    unprotected.wait_for_timeout(200)
    assert {"styler", "html", "markdown", "prose"} <= set(unprotected.evaluate("() => window.ran"))
    assert stopped.evaluate("() => window.ran ?? []") == []
    assert not [line for line in stopped.seen if line.startswith("http")]


@pytest.mark.parametrize("audience", ["internal", "customer"])
def test_hostile_text_in_any_place_runs_nowhere(open_page, make, hostile_text, audience):
    html = render(make.hostile_review(hostile_text, audience), audience=audience)
    for bypass in (False, True):
        page = open_page(html, bypass_csp=bypass)
        page.add_init_script("window.alert = () => { window.ran = ['alert']; }")
        page.reload()
        page.evaluate(TOUCH_ALL)
        assert page.evaluate("() => window.ran ?? []") == []
        assert page.locator("[onmouseover], [onerror], script, a[href^=java]").count() == 0


@every_kind
def test_on_paper_nothing_is_cut_or_torn(open_page, pages, kind):
    page = open_page(pages[kind], width=718)
    page.emulate_media(media="print")
    assert page.evaluate(WIDER_THAN_PAPER) == []
    assert page.locator("nav:visible, .fold-code:visible, .fold-data:visible").count() == 0
    marked = page.evaluate(
        """() => {
          const links = document.createElement("div"), shown = (e) => e.getClientRects().length;
          const mark = (element, name) => {
            const place = document.createElement("span");
            place.id = name;
            element.before(place);
            const link = document.createElement("a");
            link.href = "#" + name;
            link.textContent = ".";
            links.append(link);
          };
          let count = 0;
          for (const figure of document.querySelectorAll("figure")) {
            const end = document.createElement("span");
            figure.append(end);
            mark(figure.firstElementChild, `m${count}s`);
            mark(end, `m${count++}e`);
          }
          const content = "p,li,figcaption,caption,dt,pre";
          const flow = [...document.querySelectorAll(content)].filter(shown);
          for (const heading of [...document.querySelectorAll("h2,h3")].filter(shown)) {
            const after = (e) => heading.compareDocumentPosition(e) & 4 && !heading.contains(e);
            const next = flow.find(after);
            if (!next) continue;
            mark(heading.firstChild, `m${count}s`);
            mark(next.firstChild, `m${count++}e`);
          }
          document.body.append(links);
          return count;
        }"""
    )
    pdf = page.pdf(format="A4", prefer_css_page_size=True).decode("latin-1")
    places = dict(re.findall(r"/(m\d+[se])\s*\[\s*(\d+) 0 R\s*/XYZ", pdf))
    torn = [n for n in range(marked) if places.get(f"m{n}s") != places.get(f"m{n}e")]
    assert len(places) == 2 * marked
    assert torn == []


def test_the_layout_does_not_shift(open_page, pages):
    page = open_page(pages["internal"])
    shift = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
            .observe({type: "layout-shift", buffered: true});
          setTimeout(() => done(sum), 200);
        })"""
    )
    assert shift <= LAYOUT_SHIFT


def test_folds_open_by_keyboard_and_the_skip_link_comes_first(open_page, pages):
    page = open_page(pages["internal"])
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the report"
    fold = page.locator("figure details").first
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
