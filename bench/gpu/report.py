#!/usr/bin/env python3
"""Prints the tables of results that run.py wrote on a machine with a GPU, and puts
them into docs/Performance.md.

    python3 bench/gpu/report.py results.json... [--docs]"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.append(os.path.dirname(HERE))

import tables  # noqa: E402
from layout import replace_section  # noqa: E402
from results import Result  # noqa: E402
from run import SCHEMA, machine_line  # noqa: E402


def fail(message):
    sys.exit(f"report.py: error: {message}")


def load(paths):
    """(documents, [Result]): of a case in several files, the last one counts."""
    documents, results = [], {}
    for path in paths:
        try:
            with open(path) as file:
                document = json.load(file)
        except (OSError, ValueError) as error:
            fail(f"{path}: {error}")
        if document.get("schema") != SCHEMA:
            fail(f"{path} was written by another run.py")
        documents.append(document)
        for entry in document["results"]:
            results[entry["case"]["name"]] = Result.from_json(entry)
    return documents, list(results.values())


def about(documents):
    """What the numbers belong to, in a paragraph."""
    lines = []
    for document in documents:
        parts = [
            document["date"][:10],
            machine_line(document["machine"]),
            f"config `{document['config']}` for {document['arch']}",
            *document["states"],
        ]
        if document["left_out"]:
            parts.append(f"{len(document['left_out'])} cases not run")
        lines.append("; ".join(parts) + ".")
    return " ".join([*lines, "Written by `bench/gpu/report.py --docs`."])


def main():
    parser = argparse.ArgumentParser(description="Tables of a benchmark on a GPU.")
    parser.add_argument("results", nargs="+", metavar="results.json")
    parser.add_argument(
        "--docs",
        nargs="?",
        const=os.path.join(ROOT, "docs", "Performance.md"),
        metavar="FILE",
        help="write the tables between the markers of FILE (docs/Performance.md)",
    )
    options = parser.parse_args()
    documents, results = load(options.results)
    for result in results:
        for line in tables.case_lines(result):
            print(line)
        print()
    for line in tables.all_lines(results):
        print(line)
    if not options.docs:
        return
    if not all(document["is_measurement"] for document in documents):
        fail("--docs: a rehearsal is no measurement")
    try:
        for name, lines in tables.documents(about(documents), results).items():
            replace_section(options.docs, name, lines)
    except (OSError, ValueError) as error:
        fail(error)
    print(f"tables: {options.docs}")


if __name__ == "__main__":
    main()
