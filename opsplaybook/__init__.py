"""Playbooks for product operations: parameterised notebooks over a small helper package.

Data flows one way, and imports point down only (CONTRIBUTING.md has the map)::

    cli                           commands; parse and delegate
    batch      | widgets          many runs, safely and fast | a form in the notebook
    playbooks  | report           one module per playbook | notebook to one HTML file
    findings   | figures          verdict, findings, actions, patterns | charts
    tables                        frame and columns to a shown table
    metrics                       tidy frames with documented columns
    stats      | sources          estimates with intervals | your files as validated tables
    samples                       a fictional company with planted truths
    contracts  | params           what a table must be | what can be asked
    display | formats | errors    what a cell shows | number to text | what went wrong
"""

__version__ = "0.1.0"
