"""A peer whose package is not installed."""

import no_such_package_of_attn_mlir  # noqa: F401
