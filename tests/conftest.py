"""Settings shared by all tests. Hypothesis draws the same examples every run, by the seed in pyproject.toml, which is
printed; ``pytest --hypothesis-seed=N`` draws others. With ``PAPERBOY_LONG`` set, as in CI, proofs over everything run
at full length."""

from __future__ import annotations

import gc
import os

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

LONG = bool(os.environ.get("PAPERBOY_LONG"))
"""Whether proofs run at full length."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    length = "full" if LONG else "short (PAPERBOY_LONG=1 for all of them)"
    return [f"hypothesis seed: {config.getoption('hypothesis_seed')}", f"length of proofs: {length}"]


def pytest_collection_finish() -> None:
    """What is loaded stays: to look through it for garbage, again and again, took an eighth of the tests' time; to look
    after every 700 new objects, which are the most of a test's and go by themselves, as much again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
