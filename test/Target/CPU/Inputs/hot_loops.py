"""Says what the innermost loops with many multiply-adds in assembly consist of.

Reads assembly from standard input; prints a line a loop, for x86 and AArch64.
"""

import re
import sys
from collections import Counter

LABEL = re.compile(r"^(\.LBB\w+):")
BRANCH = re.compile(r"^\s+(?:j\w+|b\.\w+|b|cbn?z|tbn?z)\s.*?(\.LBB\w+)\s*$")
MULTIPLY_ADD = re.compile(r"^\s+(fmla|vfmadd|vdpbf16ps)")
CALL = re.compile(r"^\s+(?:callq?|blr?)\s")
STORE = re.compile(r"^\s+(?:st[rpu]\w*\s|vmov\w*\s+%[xyz]mm\d+,\s*\S*\()")
REGISTER = re.compile(r"%([xyz]mm)\d|v\d+\.(\w+)")
LEAST = 12

seen = {}
lines = []
start_of_last = -1
for line in sys.stdin:
    line = re.split(r"#|//", line)[0].rstrip()
    label = LABEL.match(line)
    if label:
        seen[label.group(1)] = len(lines)
    lines.append(line)
    branch = BRANCH.match(line)
    if not branch or branch.group(1) not in seen:
        continue
    start = seen[branch.group(1)]
    if start < start_of_last:
        continue  # Not innermost.
    start_of_last = start
    body = lines[start:]
    kinds = Counter(m.group(1) for m in map(MULTIPLY_ADD.match, body) if m)
    for kind, count in kinds.items():
        if count < LEAST:
            continue
        widths = {
            "".join(filter(None, m.groups()))
            for text in body
            if MULTIPLY_ADD.match(text)
            for m in REGISTER.finditer(text)
        }
        print(
            f"{count} {kind} on {'/'.join(sorted(widths))},"
            f" {sum(map(bool, map(STORE.match, body)))} stores,"
            f" {sum(map(bool, map(CALL.match, body)))} calls"
        )
