"""The sample company: a fictional B2B software company with planted, documented truths."""

from opsplaybook.samples.company import Company, make_company
from opsplaybook.samples.truths import Truths
from opsplaybook.samples.writing import write_company

__all__ = ["Company", "Truths", "make_company", "write_company"]
