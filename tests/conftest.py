"""Settings shared by all tests. Hypothesis draws new examples every run; what it prints on a failure (its seed and a
blob) repeats that run: ``pytest --hypothesis-seed=…``."""

from __future__ import annotations

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
