from opsplaybook.report import steps


def kinds(section) -> list[str]:
    return [block.kind for block in section.blocks]


def test_a_playbook_is_told_apart(make):
    body = steps.read(make.review(), "internal")
    assert body.title == "Event retrospective: what did it bring?"
    assert [block.kind for block in body.scope] == ["markup"]
    assert [section.title for section in body.sections] == ["Who came"]
    assert kinds(body.sections[0]) == ["markup", "figure", "code", "table", "code"]
    assert [section.title for section in body.appendix] == ["Parameters", "Appendix"]
    assert "Strongest first" in body.leads["findings"][0].html
    assert sorted(body.numbered()) == ["attendance", "channels", "parameters", "quality"]


def test_code_of_parameters_and_set_up_is_never_shown(make):
    body = steps.read(make.review(), "internal")
    parts = [*body.sections, *body.appendix]
    code = [block.source for part in parts for block in part.blocks if block.kind == "code"]
    assert code == [
        "playbook.chart_attendance(reach)",
        "playbook.table_channels(reach)",
        "playbook.table_quality(tables)",
    ]


def test_a_customer_sees_no_code_no_parameters_and_no_internal_prose(make):
    book = make.review("customer")
    book["cells"].insert(5, make.prose("### Not for them\n\nA score.", "internal"))
    body = steps.read(book, "customer")
    assert [kinds(section) for section in body.sections] == [["markup", "figure", "table"]]
    assert [section.title for section in body.appendix] == ["Appendix"]


def test_prose_about_what_a_customer_may_not_see_goes_with_it(make):
    book = make.notebook(
        make.prose("# T"),
        make.prose("## Risk\n\nHow likely they are to leave."),
        make.code("a", make.shown(make.table())),
        make.prose("## Method\n\nWe count accounts."),
    )
    assert [section.title for section in steps.read(book, "customer").sections] == ["Method"]
    assert [section.title for section in steps.read(book, "internal").sections] == [
        "Risk",
        "Method",
    ]


def test_several_headings_in_one_cell_and_hashes_in_code_blocks(make):
    source = (
        "# T\n\n## One\n\n```\n## not a heading\n```\n\n## Two ##\nb\n\n## Empty\n\n# Three\nend"
    )
    body = steps.read(make.notebook(make.prose(source)), "internal")
    assert body.title == "T"
    assert [section.title for section in body.sections] == ["One", "Two", "Three"]
    assert "## not a heading" in body.sections[0].blocks[0].html


def test_sections_of_one_name_have_places_of_their_own(make):
    book = make.notebook(make.prose("## A\nx"), make.prose("## A\ny"))
    anchors = [section.anchor for section in steps.read(book, "internal").sections]
    assert anchors == ["section-a", "section-a-2"]


def test_removed_cells_leave_no_trace(make):
    book = make.notebook(make.prose("## A\nx", "remove-cell"), make.prose("## B\ny"))
    assert [section.title for section in steps.read(book, "internal").sections] == ["B"]


def test_lines_stored_apart_are_joined_and_attachments_found(make):
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    cell = make.prose(["## A\n", "![x](attachment:a.png)"], attachments=picture)
    block = steps.read(make.notebook(cell), "internal").sections[0].blocks[0]
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in block.html
