"""Your files or database as validated tables: one YAML per company, no code.

`open_source` opens a source; `Source.load` gives frames as known on a day, `Source.expression`
an Ibis expression for what is too large for a frame, `Source.check` what an analyst should know
before anything runs.
"""

from opsplaybook.sources.check import SourceCheck, render_text
from opsplaybook.sources.loaded import Tables
from opsplaybook.sources.opening import open_source
from opsplaybook.sources.quality import Quality, SetAside, Unmatched
from opsplaybook.sources.searching import Hits
from opsplaybook.sources.source import Source

__all__ = [
    "Hits",
    "Quality",
    "SetAside",
    "Source",
    "SourceCheck",
    "Tables",
    "Unmatched",
    "open_source",
    "render_text",
]
