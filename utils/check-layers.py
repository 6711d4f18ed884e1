#!/usr/bin/env python3
"""Checks that includes and links between the rooms of attn-mlir point down.

    tools  python > CAPI  test/lib > ExecutionEngine > Pipelines > Target
      > Dialect/Attn/Transforms  Conversion > Dialect/Attn/Extensions
      > Dialect/Attn/IR  Dialect/TMTensor > Support

Rooms of one height do not know each other. Runtime and Reference stand outside:
they know no other room, no MLIR and no LLVM, and ExecutionEngine and above may
use them. A library links, directly or through others, each room it includes.
"""

import argparse
import pathlib
import re
import sys

# Height of each room; a room may use what is lower.
HEIGHT = {
    "Support": 0,
    "Dialect/Attn/IR": 1,
    "Dialect/TMTensor": 1,
    "Dialect/Attn/Extensions": 2,
    "Dialect/Attn/Transforms": 3,
    "Conversion": 3,
    "Target/CPU": 4,
    "Target/GPU": 4,
    "Pipelines": 5,
    "ExecutionEngine": 6,
    "CAPI": 7,
    "tools": 8,
    "python": 8,
    "test": 7,
}
# Rooms that stand outside: rooms from this height on may use them.
OUTSIDE = {"Runtime": 6, "Reference": 6}
# Plain C contracts of rooms outside, with nothing to link, and from which height
# on they may be included.
CONTRACTS = {
    "Runtime/Abi.h": 4,
    "Runtime/Comm.h": 4,
    "Runtime/GpuEmulator.h": 4,
    "Runtime/GpuLaunch.h": 4,
}
# What a room may not include, beside rooms above it.
FORBIDDEN = {
    "Support": ["mlir/Dialect/", "mlir/Pass/"],
    "Dialect/Attn/IR": ["mlir/Pass/", "mlir/Transforms/", "mlir/Conversion/"],
    "Runtime": ["mlir/", "llvm/", "mlir-c/", "llvm-c/"],
    "Reference": ["mlir/", "llvm/", "mlir-c/", "llvm-c/"],
}
# What it may include all the same: dialects implement the inliner's interface.
ALLOWED = {"Dialect/Attn/IR": ["mlir/Transforms/InliningUtils.h"]}
# Headers at the top of include/attn, and the room that implements them.
TOP_HEADERS = {"InitAll.h": "Pipelines"}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
TD_INCLUDE = re.compile(r'^\s*include\s*"([^"]+)"', re.MULTILINE)
COMMAND = re.compile(r"(\w+)\s*\(([^()]*)\)")
KEYWORDS = {
    "DEPENDS",
    "LINK_LIBS",
    "MLIR_LIBS",
    "PUBLIC",
    "PRIVATE",
    "INTERFACE",
}


def room_of(path):
    """The room of a path below lib/ or include/attn/, or None."""
    if path in TOP_HEADERS:
        return TOP_HEADERS[path]
    rooms = [r for r in [*HEIGHT, *OUTSIDE] if path.startswith(r + "/")]
    return max(rooms, key=len) if rooms else None


def may_use(user, used):
    """Whether room `user` may include or link room `used`."""
    if user == used or user == "unittests":
        return True
    if user in OUTSIDE:
        return False
    if used in OUTSIDE:
        return HEIGHT[user] >= OUTSIDE[used]
    return HEIGHT[user] > HEIGHT[used]


def strip_comments(text):
    return re.sub(r"#[^\n]*", "", text)


class Checker:
    def __init__(self, root):
        self.root, self.errors = root, []
        # Room -> {used room: where}, libraries and what they link.
        self.included, self.room_of_library, self.links = {}, {}, {}

    def error(self, path, line, message):
        self.errors.append(
            f"{path.relative_to(self.root)}:{line}: error: {message}"
        )

    def files(self):
        """(file, room) of all sources, headers, TableGen and CMake files."""
        kinds = {".h", ".cpp", ".c", ".td", ".txt"}
        for base in ("lib", "include/attn"):
            for path in sorted((self.root / base).rglob("*")):
                if path.suffix in kinds and path.is_file():
                    inner = path.relative_to(self.root / base).as_posix()
                    yield path, room_of(inner)
        tops = (("tools", "tools"), ("python", "python"), ("test/lib", "test"))
        for base, room in (*tops, ("unittests", "unittests")):
            for path in sorted((self.root / base).rglob("*")):
                if path.suffix in kinds and path.is_file():
                    yield path, room

    def check_includes(self, path, room, text):
        pattern = TD_INCLUDE if path.suffix == ".td" else INCLUDE
        for match in pattern.finditer(text):
            line, header = text.count("\n", 0, match.start()) + 1, match[1]
            # Leading blank lines belong to the match.
            line += match[0].count("\n")
            for prefix in FORBIDDEN.get(room, []):
                allowed = header in ALLOWED.get(room, [])
                if header.startswith(prefix) and not allowed:
                    self.error(path, line, f"{room} may not include {header}")
            if not header.startswith("attn/"):
                continue
            contract = CONTRACTS.get(header[len("attn/") :])
            if contract is not None and HEIGHT.get(room, -1) >= contract:
                continue
            used = room_of(header[len("attn/") :])
            if used is None:
                self.error(path, line, f"{header} is in no room")
            elif not may_use(room, used):
                self.error(path, line, f"{room} may not include {used}: {header}")
            elif used != room and room != "unittests":
                self.included.setdefault(path, set()).add((used, line))

    def read_links(self, path, room, text):
        for match in COMMAND.finditer(strip_comments(text)):
            command, words = match[1], match[2].split()
            if command in ("add_attn_library", "add_attn_tool"):
                name, links, keyword = words[0], [], None
                for word in words[1:]:
                    if word in KEYWORDS:
                        keyword = word
                    elif keyword == "LINK_LIBS":
                        links.append(word)
                self.room_of_library[name] = (path, room)
                self.links.setdefault(name, []).extend(links)
            elif command == "target_link_libraries":
                links = [w for w in words[1:] if w not in KEYWORDS]
                self.links.setdefault(words[0], []).extend(links)

    def check_links(self):
        for name, links in self.links.items():
            if name not in self.room_of_library:
                continue
            path, room = self.room_of_library[name]
            for link in links:
                if link not in self.room_of_library:
                    continue
                used = self.room_of_library[link][1]
                if not may_use(room, used):
                    self.error(path, 1, f"{room} may not link {used}: {link}")

    def reachable_rooms(self, name, seen=None):
        seen = set() if seen is None else seen
        for link in self.links.get(name, []):
            if link in self.room_of_library and link not in seen:
                seen.add(link)
                self.reachable_rooms(link, seen)
        return {self.room_of_library[link][1] for link in seen}

    def check_links_what_is_included(self):
        """Sources include a room only if their library reaches it."""
        libraries = {}
        for name, (path, _) in self.room_of_library.items():
            libraries.setdefault(path.parent, []).append(name)
        rooms = {room for _, room in self.room_of_library.values()}
        for path, used in sorted(self.included.items()):
            names = libraries.get(path.parent, [])
            if not names:
                continue
            reached = set().union(*map(self.reachable_rooms, names))
            for room, line in sorted(used):
                if room in rooms and room not in reached:
                    self.error(
                        path, line, f"{room} is included but not linked by "
                        f"{' or '.join(names)}"
                    )

    def run(self):
        count = 0
        for path, room in self.files():
            # CMakeLists.txt that only descend belong to no room.
            if room is None and path.name != "CMakeLists.txt":
                self.error(path, 1, "this file is in no room")
            if room is None:
                continue
            count += 1
            text = path.read_text()
            if path.name == "CMakeLists.txt":
                self.read_links(path, room, text)
            elif path.suffix != ".txt":
                self.check_includes(path, room, text)
        self.check_links()
        self.check_links_what_is_included()
        if not self.room_of_library:
            self.errors.append("error: there is no library under this root")
        return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--root", type=pathlib.Path, default=default)
    checker = Checker(parser.parse_args().root.resolve())
    count = checker.run()
    for message in checker.errors:
        print(message, file=sys.stderr)
    if not checker.errors:
        print(f"{count} files of {len(checker.room_of_library)} libraries point down")
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
