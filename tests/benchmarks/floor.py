"""The floor: a notebook's code cells in one process that has imported everything.

``floor.py SETTINGS_JSON`` executes the cells once per set of parameters, shows what the last line
of each cell shows, and prints the seconds per set. The first set warms up and is not printed.
"""

import ast
import json
import sys
import time
from pathlib import Path


def compiled(cell: str) -> tuple[object, object]:
    """Split a cell into what is executed and, if it ends in one, the expression that is shown."""
    tree = ast.parse(cell)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return compile(tree, "cell", "exec"), None
    body = ast.Module(tree.body[:-1], [])
    return compile(body, "cell", "exec"), compile(ast.Expression(last.value), "cell", "eval")


def run_cells(cells: list[tuple[object, object]], params: dict) -> None:
    names: dict = {}
    for position, (body, shown) in enumerate(cells):
        exec(body, names)  # noqa: S102 - the notebook's own cells
        if shown is not None:
            value = eval(shown, names)  # noqa: S307 - the notebook's own cells
            bundle = getattr(value, "_repr_mimebundle_", value.__repr__)()
            json.dumps(bundle)
        if position == 0:
            names.update(params)


def main() -> None:
    settings = json.loads(sys.argv[1])
    notebook = json.loads(Path(settings["notebook"]).read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    cells = [compiled(source) for source in sources]
    for number, params in enumerate(settings["params"]):
        began = time.perf_counter()
        run_cells(cells, params)
        if number:
            sys.stdout.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main()
