"""How many random examples a test has, and of which seed."""

import os

from hypothesis import HealthCheck, settings

# Deterministic unless a seed is asked for, so that CI fails for code and not
# for luck; ATTN_PROPERTY_EXAMPLES and ATTN_PROPERTY_SEED explore further.
EXAMPLES = int(os.environ.get("ATTN_PROPERTY_EXAMPLES", "25"))
SEED = os.environ.get("ATTN_PROPERTY_SEED")
settings.register_profile(
    "attn",
    derandomize=SEED is None,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("attn")


def more(times):
    """Decorates a test that deserves that many times the examples."""
    return settings(max_examples=times * EXAMPLES)
