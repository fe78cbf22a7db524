"""The commands. They parse, call one function each, and print; nothing is computed here."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from opsplaybook import __version__, params, playbooks
from opsplaybook.errors import OpsPlaybookError, UsageError, quote

OUTPUTS = Path("outputs")


def friendly(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn an error of ours into its message and exit code, unless --debug asks for more."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = command(*args, **kwargs) or 0
        except OpsPlaybookError as error:
            if click.get_current_context().obj["debug"]:
                raise
            click.echo(str(error), err=True)
            code = error.exit_code
        sys.exit(code)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, *, debug: bool) -> None:
    """Run playbooks for product operations: reviews that can be trusted, and that decide."""
    context.obj = {"debug": debug}


def main() -> None:
    """Run the command line."""
    cli(prog_name="opsplaybook")


@cli.command("list")
@friendly
def list_playbooks() -> None:
    """List the playbooks and the question that each answers."""
    for name in playbooks.MODULES:
        click.echo(f"{name:24}{playbooks.get(name).QUESTION}")


@cli.command()
@click.argument("source")
@click.option("--tables", is_flag=True, help="Print the data dictionary instead.")
@friendly
def check(source: str, *, tables: bool) -> int:
    """Say what is in SOURCE, before anything runs.

    SOURCE is a source YAML or its name, a folder with a source.yaml, or `sample`.
    """
    from opsplaybook import contracts, sources

    if tables:
        click.echo(contracts.data_dictionary().to_string(index=False))
        return 0
    needs = {name: _needs(name) for name in playbooks.MODULES}
    result = sources.open_source(source).check(needs)
    click.echo(sources.render_text(result))
    return 0 if result.ok else 2


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--accounts", default=240, show_default=True, help="Customers of the company.")
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@click.option("--null", is_flag=True, help="A company in which nothing has an effect.")
@friendly
def sample(folder: Path, *, accounts: int, seed: int, null: bool) -> None:
    """Write the sample company into FOLDER: CSV files and the source YAML to copy."""
    from opsplaybook import samples

    samples.write_company(folder, accounts=accounts, seed=seed, null=null)
    click.echo(f"Wrote the sample company to {folder}")
    click.echo(f"Next: opsplaybook check {folder}")


@cli.command()
@click.argument("playbook")
@click.option("-f", "--file", "file", type=click.Path(path_type=Path), help="YAML of parameters.")
@click.option("-p", "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="One parameter.")
@click.option("-o", "--output", default=OUTPUTS, show_default=True, type=click.Path(path_type=Path))
@click.option("--progress", is_flag=True, help="Print which cell runs.")
@friendly
def run(
    playbook: str, *, file: Path | None, pairs: tuple[str, ...], output: Path, progress: bool
) -> int:
    """Run PLAYBOOK once and write its run folder: notebook, report, tables, manifest."""
    from opsplaybook import batch

    batch.start_server()  # it imports beside us while we look at the parameters and the source
    values = _values(playbook, file, pairs)
    params.resolve(playbooks.get(playbook).Params, values, where=str(file or playbook))
    record = batch.run_playbook(playbook, values, output, heard=_say_cell if progress else None)
    click.echo(batch.summary_line(record))
    return record.exit_code


@cli.command("batch")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("-o", "--output", default=OUTPUTS, show_default=True, type=click.Path(path_type=Path))
@click.option("-w", "--workers", type=click.IntRange(1), help="Processes; default one per core.")
@click.option("--dask", metavar="ADDRESS", help="Run on a Dask cluster.")
@click.option("--resume", is_flag=True, help="Skip what is complete and unchanged.")
@click.option("--dry-run", is_flag=True, help="Check and show the runs, start none.")
@friendly
def run_batch(
    plan: Path, *, output: Path, workers: int | None, dask: str | None, resume: bool, dry_run: bool
) -> int:
    """Run one playbook for each row that PLAN (a YAML) selects, and write an index page."""
    from opsplaybook import batch

    planned = batch.read_plan(plan)
    if dry_run:
        click.echo(batch.plan_text(planned))
        return 0
    summary = batch.run_batch(planned, output, workers=workers, dask=dask, resume=resume)
    return summary.exit_code


@cli.command()
@click.argument("folder", default=OUTPUTS, type=click.Path(path_type=Path))
@friendly
def runs(folder: Path) -> None:
    """List the runs in FOLDER: status, playbook, subject, when, how long, verdict."""
    from opsplaybook import batch

    click.echo(batch.history_text(folder))


@cli.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--pdf", is_flag=True, help="Write report.pdf beside it; needs a Chromium.")
@friendly
def report(folder: Path, *, pdf: bool) -> None:
    """Make the report of a run folder again from its notebook."""
    from opsplaybook import batch

    click.echo(batch.render_again(folder, pdf=pdf))


@cli.command()
@click.option("-o", "--output", default=Path("outputs/demo"), type=click.Path(path_type=Path))
@friendly
def demo(output: Path) -> int:
    """Run every playbook on the sample company and say where the reports are."""
    from opsplaybook import batch

    summary = batch.run_demo(output)
    click.echo(f"\nOpen {summary.index_path}")
    return summary.exit_code


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("folder", default=Path("playbooks"), type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
@click.option("--read-only", is_flag=True, help="Playbooks to be run, not to be changed.")
@friendly
def lab(folder: Path, *, more: tuple[str, ...], read_only: bool) -> int:
    """Open the playbooks in JupyterLab, in FOLDER of your own; MORE goes to `jupyter lab`.

    Playbooks are copied there. What you change is yours: an update is put beside it.
    """
    from opsplaybook import batch
    from opsplaybook.widgets.lab import run_lab
    from opsplaybook.widgets.workplace import lay_out

    batch.ensure_kernelspec()
    batch.start_server()  # it imports while JupyterLab starts
    place = lay_out(folder, kernel_name=batch.KERNEL_NAME, read_only=read_only)
    for name in place.written:
        click.echo(f"Wrote {place.folder / name}")
    for name in place.kept:
        click.echo(f"Kept {place.folder / name}, which you have changed")
    return run_lab(place.folder, kernel_name=batch.KERNEL_NAME, more=more)


@cli.command()
@friendly
def refresh() -> None:
    """Execute the notebooks of this checkout again and store their outputs."""
    from opsplaybook import batch

    for name in playbooks.MODULES:
        click.echo(batch.refresh_notebook(name))


@cli.command()
@click.argument("name")
@friendly
def new(name: str) -> None:
    """Write the four files of a new playbook NAME from the template."""
    from opsplaybook import batch

    for path in batch.new_playbook(name, Path.cwd()):
        click.echo(f"Wrote {path}")


def _say_cell(cell: int, cells: int) -> None:
    click.echo(f"cell {cell} of {cells}")


def _needs(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    playbook = playbooks.get(name)
    return playbook.REQUIRED, playbook.OPTIONAL


def _values(playbook: str, file: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Merge the file and the single parameters; the latter win."""
    playbooks.get(playbook)
    values = params.read_yaml(file or playbooks.params_path(playbook))
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(
                f"{quote(pair)} is not of the form NAME=VALUE",
                where="-p",
                remedy="write -p name=value",
            )
        values[name] = value
    return values
