"""Settings shared by all tests. Hypothesis draws the same examples every run, by the seed in pyproject.toml, which is
printed; ``pytest --hypothesis-seed=N`` draws others."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "paperboy",
    derandomize=False,
    print_blob=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("paperboy")


def pytest_report_header(config: pytest.Config) -> str:
    return f"hypothesis seed: {config.getoption('hypothesis_seed')}"
