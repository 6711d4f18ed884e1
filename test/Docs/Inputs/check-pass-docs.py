"""Generated pass documentation: each description says Exact or Approximate."""

import re
import sys

# A heading, the summary in italics, the description.
PASS = re.compile(r"^### `-([\w-]+)`\n+_[^\n]*_\n+(\S*)", re.MULTILINE)

status = 0
for path in sys.argv[1:]:
    with open(path) as file:
        for name, word in PASS.findall(file.read()):
            claim = word.rstrip(".,:").strip("*")
            print(f"{name}: {claim}")
            if claim not in ("Exact", "Approximate"):
                print(
                    f"error: the description of {name} begins with neither "
                    "Exact nor Approximate",
                    file=sys.stderr,
                )
                status = 1
sys.exit(status)
