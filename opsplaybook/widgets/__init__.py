"""Forms and what-if views for a person at a notebook; plain tables for everybody else.

A panel shows the parameters of a playbook as a form where somebody sits in front of it, and as the
table of parameters where nobody does: under papermill, nbval and nbconvert. Every result exists
without it.
"""

from opsplaybook.widgets.panel import Panel, panel

__all__ = ["Panel", "panel"]
