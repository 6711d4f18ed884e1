"""Numbers, tables and documents as text, whatever was measured."""

import json
import os
import re


def number(value):
    """Four significant digits, no exponent."""
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.{3 if value < 10 else 2 if value < 100 else 1}f}"


def aligned(header, rows):
    """A table of text, the first column to the left."""
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]

    def line(cells):
        text = [cells[0].ljust(widths[0])]
        text += [c.rjust(w) for c, w in zip(cells[1:], widths[1:])]
        return "  ".join(text).rstrip()

    return [line(header), "-" * (sum(widths) + 2 * len(widths) - 2)] + [
        line(r) for r in rows
    ]


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| " + " | ".join(["---"] * len(header)) + " |")
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return lines


def write_json(path, document):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def replace_section(path, name, lines):
    """Puts lines between the markers of a section of a document."""
    with open(path) as file:
        text = file.read()
    begin, end = f"<!-- bench:begin {name} -->", f"<!-- bench:end {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path} has no section {begin}")
    body = "\n".join([begin, *lines, end])
    with open(path, "w") as file:
        file.write(pattern.sub(lambda _: body, text))
