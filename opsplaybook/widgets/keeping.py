"""Keep parameters as a file that runs tomorrow, alone or in a batch."""

import getpass
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from opsplaybook.errors import UsageError, quote
from opsplaybook.params import PlaybookParams

REPLACE = "replace one of that name"
"""How a person says that a file may be written over."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def save_params(
    params: PlaybookParams, playbook: str, name: str, folder: Path, *, replace: bool = False
) -> Path:
    """Write parameters as ``NAME.yaml``, and a batch plan of this one run beside it.

    Parameters
    ----------
    params : PlaybookParams
    playbook : str
        Stem of the playbook.
    name : str
        Letters, digits, hyphens and underscores.
    folder : Path
        Where it goes; made if need be. The plan goes into its subfolder ``batches``.
    replace : bool, optional
        Write over a file of that name.

    Returns
    -------
    Path
        The file that ``opsplaybook run PLAYBOOK -f FILE`` takes.

    Raises
    ------
    UsageError
        If there is no name or it is no file name, a file of that name exists, or the folder cannot
        be written.
    """
    if not name:
        raise UsageError(
            "there is no name yet",
            where="save as",
            remedy="write one into the field beside the button",
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{quote(name)} cannot be the name of a file",
            where="save as",
            remedy="use up to 64 letters without accents, digits, - and _",
        )
    path, plan = folder / f"{name}.yaml", folder / "batches" / f"{name}.yaml"
    taken = [file for file in (path, plan) if file.exists()]
    if taken and not replace:
        raise UsageError(
            "there is such a file already",
            where=str(taken[0]),
            remedy=f'choose another name, or tick "{REPLACE}"',
        )
    values = params.model_dump(mode="json")
    source, audience = values.pop("source"), values.pop("audience")
    now = datetime.now().astimezone()
    head = f"# {playbook}: kept from its panel by {_who()}, {now:%Y-%m-%d %H:%M}.\n"
    batch = {"playbook": playbook, "source": source, "audience": audience, "each": [values]}
    try:
        plan.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + _yaml({"source": source, "audience": audience, **values}), "utf-8")
        plan.write_text(head + _yaml(batch), "utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(path), remedy="check the folder"
        ) from None
    return path


def _yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False)


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody without a name here"
