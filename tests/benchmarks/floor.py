"""The floor: a notebook's code cells in one process that has imported everything.

``floor.py SETTINGS_JSON`` executes the cells once per set of parameters, shows what the last line
of each cell shows, and prints the seconds per set. The first set warms up and is not printed.
"""

import json
import sys
import time
from pathlib import Path

from opsplaybook.batch.kernels.rehearsal import compiled, run_cells


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
