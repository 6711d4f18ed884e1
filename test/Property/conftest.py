"""For pytest: every test has the settings of examples.py."""

import examples  # noqa: F401
