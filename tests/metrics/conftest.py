"""What tests of metrics share."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def slow_funnel() -> ModuleType:
    """Return the funnel that tries every chain."""
    path = Path(__file__).with_name("slow_funnel.py")
    spec = importlib.util.spec_from_file_location("slow_funnel", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
