#!/usr/bin/env python3
"""Parses and verifies every mlir example of the documentation with attn-opt.

Looks at the fenced blocks that are tagged mlir in the descriptions of *.td
files and in *.md files. A block tagged `mlir` stands alone; one tagged
`mlir fragment` is wrapped in a function whose arguments a comment in the block
declares:

    // given %q: tensor<1x8x128x64xf32>, %n: index

Errors carry the line of the file. Finding no block at all is an error too.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(\s*)```(.*)$")
GIVEN = re.compile(r"^\s*//\s*given\s+(.*)$", re.MULTILINE)


class Block:
    """An example: where it is, what it says, how it is to be read."""

    def __init__(self, path, line, tag):
        self.path, self.line, self.tag, self.lines = path, line, tag, []

    def module(self):
        """The example as a module; its lines keep their numbers."""
        text = "".join(line + "\n" for line in self.lines)
        if self.tag == "mlir":
            return "\n" * self.line + text
        arguments = ", ".join(GIVEN.findall(text))
        head = "\n" * (self.line - 1)
        return f"{head}func.func @fragment({arguments}) {{\n{text}return\n}}\n"


def find_blocks(path, errors):
    """The mlir blocks of one file, without their indentation."""
    blocks, block, indent = [], None, ""
    opened = 0
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        fence = FENCE.match(line)
        if not fence:
            if block and line.startswith(indent):
                block.lines.append(line[len(indent) :])
            elif block:
                block.lines.append(line.lstrip())
            continue
        if opened:
            opened, block = 0, None
            continue
        opened, indent, tag = number, fence[1], fence[2].strip()
        if tag in ("mlir", "mlir fragment"):
            block = Block(path, number, tag)
            blocks.append(block)
        elif tag.split(" ")[0] == "mlir":
            errors.append(f"{path}:{number}: error: unknown block tag '{tag}'")
    if opened:
        errors.append(f"{path}:{opened}: error: this block is not closed")
    return blocks


def check(block, attn_opt):
    """What attn-opt says about the example, or nothing."""
    result = subprocess.run(
        [attn_opt, "-", "-o", "/dev/null"],
        input=block.module(),
        capture_output=True,
        text=True,
    )
    if result.returncode == 0:
        return None
    message = result.stderr.replace("<stdin>:", f"{block.path}:").rstrip()
    return message or f"{block.path}:{block.line}: error: attn-opt crashed"


def default_files():
    """Every *.td and *.md that is ours."""
    files = sorted((ROOT / "include").rglob("*.td"))
    for folder in ("docs", "examples", "bench", "python"):
        files += sorted((ROOT / folder).rglob("*.md"))
    return files + sorted(ROOT.glob("*.md"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attn-opt", default="attn-opt", help="the tool to use")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()

    errors, blocks = [], []
    for path in options.files or default_files():
        blocks += find_blocks(path, errors)
    for block in blocks:
        message = check(block, options.attn_opt)
        if message:
            errors.append(message)
    if not blocks:
        errors.append("error: there is no mlir block in these files")
    for message in errors:
        print(message, file=sys.stderr)
    if not errors:
        files = len({block.path for block in blocks})
        print(f"{len(blocks)} examples in {files} files parse and verify")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
