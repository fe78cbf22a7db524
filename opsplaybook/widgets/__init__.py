"""Forms and what-if views for a person at a notebook; plain tables for everybody else.

A panel shows the parameters of a playbook as a form where somebody sits in front of it, and as the
table of parameters where nobody does: under papermill, nbval and nbconvert. Every result exists
without it.

Here is only what notebooks use; the rest is imported when it is needed, since every kernel of a
batch imports this.
"""

from opsplaybook.widgets.panel import Panel, panel
from opsplaybook.widgets.what_if import WhatIf, what_if

__all__ = ["Panel", "WhatIf", "panel", "what_if"]
