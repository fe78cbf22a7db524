"""Run a batch of the varied notebook in a process of its own: ``drive.py SETTINGS_JSON``."""

import importlib.util
import json
import sys
from pathlib import Path

from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.plan import make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.runner import run_batch
from opsplaybook.errors import OpsPlaybookError


def fixtures():
    path = Path(__file__).with_name("conftest.py")
    spec = importlib.util.spec_from_file_location("batch_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    settings = json.loads(sys.argv[1])
    conftest = fixtures()
    file = PlanFile(playbook="varied", each=settings["rows"])
    plan = make_plan(
        "batch",
        file,
        settings["rows"],
        where="drive",
        playbook=conftest.VARIED_PLAYBOOK,
        notebook=conftest.VARIED,
    )
    try:
        summary = run_batch(
            plan, settings["output"], workers=2, resume=settings["resume"], inputs=Inputs()
        )
    except OpsPlaybookError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(main())
