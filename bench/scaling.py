#!/usr/bin/env python3
"""Projects Star Attention, ring attention and Helix to 1M to 16M tokens on 8 to 256
hosts; docs/Scaling.md has the tables and says where every number comes from.

    scaling.py [--docs[=FILE] | --check[=FILE]]
    scaling.py --measured=BENCH.json --docs    with new measurements of this machine

`--measured` takes what `bench.sh --config=scaling` wrote, and keeps it in
scaling_inputs.json. `--check` says whether the page has what would be printed.
"""

import argparse
import dataclasses
import json
import math
import os
import sys

from layout import aligned, markdown, number, replace_section

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "docs", "Scaling.md")
INPUTS = os.path.join(HERE, "scaling_inputs.json")

LENGTHS = (1 << 20, 4 << 20, 16 << 20)
HOSTS = (8, 32, 128, 256)
QUERY_ROWS = 1000
# Largest number of context blocks with a published accuracy: 32K of 1M tokens.
PUBLISHED_BLOCKS = 32
# Of Star whose blocks are each shared by several hosts.
SHARED_BLOCKS = 4
F32, BF16 = 4, 2


@dataclasses.dataclass(frozen=True)
class Model:
    """Shapes; the defaults are Llama-3.1-8B."""

    layers: int = 32
    heads: int = 32
    kv_heads: int = 8
    head_dim: int = 128
    hidden: int = 4096
    ffn: int = 14336
    element: int = BF16

    def attention_parameters(self):
        """Of the projections to q, k and v, all layers."""
        width = (self.heads + 2 * self.kv_heads) * self.head_dim
        return self.layers * self.hidden * width

    def other_parameters(self):
        """Of the projection of outputs and the gated feed-forward layers. Embeddings
        and the output layer, for one row a step, are left out."""
        output = self.heads * self.head_dim * self.hidden
        return self.layers * (output + 3 * self.hidden * self.ffn)

    def linear_flops(self, tokens):
        return 2 * tokens * (self.attention_parameters() + self.other_parameters())

    def attention_flops(self, pairs):
        """algorithms 1.4: two products a visible pair and head."""
        return 4 * self.layers * self.heads * self.head_dim * pairs

    def kv_bytes(self, tokens):
        """Of all layers."""
        return self.layers * self.layer_kv_bytes(tokens)

    def layer_kv_bytes(self, tokens):
        return 2 * tokens * self.kv_heads * self.head_dim * self.element


def causal_pairs(tokens):
    return tokens * (tokens + 1) // 2


# What merges move. `size` is what one rank contributes to a merge of a layer.


def merge_bytes(rows, width, payload, statistics=F32):
    """Of `rows` rows of o (query rows times heads) with their lse: the counter of
    Comm.h for the merges by a tree and by all-gather."""
    return rows * (width * payload + statistics)


def counted(algo, ranks, rows, width, payload, statistics=F32):
    """(messages, bytes) that Comm.h counts on each rank for one merge."""
    if ranks == 1:
        return 0, 0
    size = merge_bytes(rows, width, payload, statistics)
    if algo == "allreduce":  # a maximum of lse first
        return 2, size + rows * statistics
    return 1, size


def received(algo, ranks, size):
    """Bytes that the busiest rank receives in one merge."""
    return {
        "tree": size * math.ceil(math.log2(ranks)),
        "allgather": size * (ranks - 1),
        "alltoall": size * (ranks - 1) / ranks,
    }[algo]


@dataclasses.dataclass(frozen=True)
class Machine:
    """A host, and the network between hosts; rates are what is reached."""

    name: str
    flops: float  # of attention and linear layers, 1/s
    read: float  # bytes/s of K and V, and of weights
    merge: float  # bytes/s of partial results merged on one host
    latency: float  # s of a message
    network: float  # bytes/s into a host
    memory: float = math.inf  # bytes for K and V

    def merge_seconds(self, algo, ranks, size):
        """One merge whose result is on every rank (tree: recursive doubling), or
        spread over all of them (alltoall)."""
        if ranks == 1:
            return 0.0
        steps = math.ceil(math.log2(ranks))
        bytes_in = received(algo, ranks, size)
        if algo == "tree":
            return (
                steps * self.latency + bytes_in / self.network + (bytes_in / self.merge)
            )
        if algo == "allgather":
            return (
                steps * self.latency
                + bytes_in / self.network
                + ranks * size / self.merge
            )
        # Every pair of ranks in turn, or in log2 steps with half of it in each.
        direct = (ranks - 1) * self.latency + bytes_in / self.network
        relayed = steps * (self.latency + size / 2 / self.network)
        return min(direct, relayed) + size / self.merge

    def ring_seconds(self, hops, bytes_a_hop, seconds_of_work):
        """Work on what is here while the next part comes in."""
        return max(seconds_of_work, hops * (self.latency + bytes_a_hop / self.network))


# Phase 1: (seconds, bytes received by a host). Each host has length / hosts tokens.


def star_phase1(model, machine, length, hosts):
    """As published: the anchor, of a whole block, is encoded again by every host."""
    tokens = length // hosts * (2 if hosts > 1 else 1)
    flops = model.linear_flops(tokens) + model.attention_flops(causal_pairs(tokens))
    return flops / machine.flops, 0


def star_phase1_sent(model, machine, length, hosts):
    """Anchors as arguments of attn.star: block 0's K and V go to every host."""
    block = length // hosts
    pairs = causal_pairs(block) + (block * block if hosts > 1 else 0)
    flops = model.linear_flops(block) + model.attention_flops(pairs)
    size = model.kv_bytes(block) if hosts > 1 else 0
    steps = math.ceil(math.log2(hosts))
    sending = model.layers * steps * machine.latency + size / machine.network
    return flops / machine.flops + sending, size


def ring_phase1(model, machine, length, hosts):
    """Exact: K and V of every host pass all others; work is balanced."""
    return _ring(model, machine, length, hosts, causal_pairs(length), hosts - 1)


def shared_phase1(model, machine, length, hosts):
    """Star across SHARED_BLOCKS blocks, ring attention inside each: K and V of the
    anchor and of the block pass all hosts of the block. Block 0, which has no anchor,
    has fewer hosts, so that work is balanced."""
    if hosts < SHARED_BLOCKS:
        return None
    n, block = SHARED_BLOCKS, length // SHARED_BLOCKS
    pairs = n * causal_pairs(block) + (n - 1) * block * block
    return _ring(model, machine, length, hosts, pairs, 2 * hosts // n - 1)


def _ring(model, machine, length, hosts, pairs, hops):
    here = length // hosts
    work = model.attention_flops(pairs) / hosts / machine.flops
    hop = model.layer_kv_bytes(here)
    passing = machine.ring_seconds(hops, hop, work / model.layers)
    seconds = model.linear_flops(here) / machine.flops + model.layers * passing
    return seconds, model.layers * hops * hop


# Phase 2: seconds of all layers.


def query_seconds(model, machine, length, hosts, rows, algo):
    """Query rows on every host, over its share of the keys."""
    pairs = rows * (length // hosts) + causal_pairs(rows)
    flops = model.linear_flops(rows) + model.attention_flops(pairs)
    size = merge_bytes(rows * model.heads, model.head_dim, model.element)
    merging = model.layers * machine.merge_seconds(algo, hosts, size)
    return flops / machine.flops, merging


def query_ring_seconds(model, machine, length, hosts, rows):
    """Query rows shared by the hosts, past which all K and V go."""
    share = math.ceil(rows / hosts)
    pairs = share * length
    work = model.attention_flops(pairs) / machine.flops / model.layers
    hop = model.layer_kv_bytes(length // hosts)
    passing = machine.ring_seconds(hosts - 1, hop, work)
    return model.linear_flops(share) / machine.flops + model.layers * passing


def decode_seconds(model, machine, length, hosts, algo, fewer_bytes=1.0):
    """(reading weights, reading K and V, merging) of a step of one token; all hosts
    hold all weights. `fewer_bytes`: what SparQ divides K and V by."""
    weights = model.attention_parameters() + model.other_parameters()
    size = merge_bytes(model.heads, model.head_dim, model.element)
    if algo == "ring":  # the partial result passes from host to host
        hop = machine.latency + size / machine.network
        merging = (hosts - 1) * hop
    else:
        merging = machine.merge_seconds(algo, hosts, size)
    return (
        weights * model.element / machine.read,
        model.kv_bytes(length // hosts) / fewer_bytes / machine.read,
        model.layers * merging,
    )


def helix_decode_seconds(model, machine, length, hosts):
    """arXiv 2507.07120: heads over up to kv_heads hosts, keys over the rest; partial
    results go to all by one all-to-all; the same hosts then share the output
    projection and the feed-forward layers, with an all-reduce after each."""
    by_head = min(model.kv_heads, hosts)
    by_key = hosts // by_head
    weights = model.attention_parameters() / by_head
    weights += model.other_parameters() / hosts
    size = merge_bytes(model.heads // by_head, model.head_dim, model.element)
    merging = machine.merge_seconds("alltoall", by_key, size)
    hidden = model.hidden * model.element
    steps = math.ceil(math.log2(hosts))
    reduces = 2 * steps * (machine.latency + hidden / machine.network)
    return (
        weights * model.element / machine.read,
        model.kv_bytes(length) / hosts / machine.read,
        model.layers * (merging + reduces),
    )


# Inputs.


def load_inputs():
    with open(INPUTS) as file:
        return json.load(file)


def measurements(path):
    """What the bench measured on this machine, from its JSON."""
    with open(path) as file:
        document = json.load(file)

    def find(kind, name):
        for result in document["results"]:
            if result["case"]["kind"] == kind:
                threads = max(result["case"]["threads"])
                for row in result["rows"]:
                    if row["name"] == name and row["threads"] == threads:
                        return result, 1e-3 * row["median_ms"], row
        raise ValueError(f"{path} has no case of kind {kind} with {name}")

    def share(row):
        return f"{100 * row['share_of_limit']:.0f} % of the `{row['limit']}` limit"

    prefill, prefill_s, prefill_row = find("prefill", "ours")
    decode, decode_s, decode_row = find("decode", "ours")
    merge, merge_s, _ = find("star-decode", "merge")
    ranks = document["ranks"]
    if not ranks:
        raise ValueError(f"{path} has no merge over ranks; the build needs MPI")
    (over_mpi,) = [
        entry
        for entry in ranks["cases"]
        if (entry["algo"], entry["payload"]) == ("tree", "bf16")
    ]
    case = merge["case"]
    size = merge_bytes(case["batch"] * case["heads"], case["head_dim"], F32)
    return {
        "machine": f"{document['machine']['processor']}, "
        f"{document['machine']['cpus']} CPUs",
        "date": document["date"],
        "prefill": prefill["case"]["name"],
        "prefill_share": share(prefill_row),
        "prefill_flops": prefill["flops"] / prefill_s,
        "decode": decode["case"]["name"],
        "decode_share": share(decode_row),
        "decode_bytes": decode["kv_bytes"] / decode_s,
        "merge": merge["case"]["name"],
        "merge_seconds": merge_s,
        "merge_bytes": case["parts"] * size / merge_s,
        "mpi_ranks": ranks["ranks"],
        "mpi_bytes": over_mpi["bytes"],
        "mpi_seconds": 1e-6 * over_mpi["merge_us"],
    }


def machines(inputs):
    measured, assumed = inputs["measured"], inputs["assumed"]

    def rate(name):
        return assumed[name]["value"]

    network = {"latency": rate("latency"), "network": rate("network")}
    return {
        "h100": Machine(
            name="H100",
            flops=rate("h100_flops"),
            read=rate("h100_read"),
            merge=rate("h100_read"),
            memory=rate("h100_memory"),
            **network,
        ),
        "cpu": Machine(
            name="this machine",
            flops=measured["prefill_flops"],
            read=measured["decode_bytes"],
            merge=measured["merge_bytes"],
            **network,
        ),
    }


# Tables: (header, rows).


def size_text(count):
    return f"{count >> 20}M"


def bytes_text(count):
    for unit, scale in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)]:
        if count >= scale:
            return f"{number(count / scale)} {unit}"
    return f"{count:.0f} B"


def time_text(seconds):
    for unit, scale in [("s", 1), ("ms", 1e-3)]:
        if seconds >= scale:
            return f"{number(seconds / scale)} {unit}"
    return f"{number(seconds * 1e6)} us"


def inputs_table(inputs):
    measured = inputs["measured"]
    where = f"measured, {measured['machine']}, {measured['date'][:10]}: case"
    flops, read, merge = (
        number(measured[name] / 1e9)
        for name in ("prefill_flops", "decode_bytes", "merge_bytes")
    )
    merged = f"{number(measured['merge_seconds'] * 1e6)} us, {merge} GB/s"
    rows = []
    for what, value, case in [
        ("attention and linear layers", f"{flops} GFLOP/s", "prefill"),
        ("K, V and weights", f"{read} GB/s", "decode"),
        ("merge", merged, "merge"),
    ]:
        source = f"{where} `{measured[case]}`"
        if case != "merge":
            source += f", {measured[f'{case}_share']}; of attention alone"
        rows.append([f"this machine: {what}", value, source])
    ranks, seconds = measured["mpi_ranks"], measured["mpi_seconds"]
    step = seconds / math.ceil(math.log2(ranks))
    what = f"tree over MPI, {ranks} processes, {measured['mpi_bytes']:,} B"
    rows.append(
        [
            f"this machine: {what}",
            time_text(seconds),
            f"measured, two cores for all: {time_text(step)} a step; a row of the "
            "last table",
        ]
    )
    for entry in inputs["assumed"].values():
        rows.append([entry["what"], entry["text"], f"assumed: {entry['why']}"])
    return ["input", "value", "where it is from"], rows


def volume_table(model):
    header = ["rows", "payload", "hosts", "counted, a layer", "counted, all layers"]
    header += ["received: tree", "all-gather", "all-to-all", "ring, K and V of 1M"]
    rows = []
    for query in (1, QUERY_ROWS):
        for payload, name in ((BF16, "bf16"), (F32, "f32")):
            for hosts in HOSTS if payload == BF16 else HOSTS[:1]:
                messages, size = counted(
                    "tree", hosts, query * model.heads, model.head_dim, payload
                )
                kv = (hosts - 1) * model.layer_kv_bytes(LENGTHS[0] // hosts)
                rows.append(
                    [f"{query}", name, f"{hosts}", f"{size:,} B in {messages}"]
                    + [f"{bytes_text(model.layers * size)} in {model.layers}"]
                    + [
                        bytes_text(received(algo, hosts, size))
                        for algo in ("tree", "allgather", "alltoall")
                    ]
                    + [bytes_text(kv)]
                )
    return header, rows


def places():
    for length in LENGTHS:
        for hosts in HOSTS:
            yield length, hosts


def place_cells(model, machine, length, hosts):
    kv = model.kv_bytes(length // hosts)
    over = " (does not fit)" if kv > machine.memory else ""
    return [size_text(length), f"{hosts}", f"{bytes_text(kv)}{over}"]


def phase1_table(model, machine):
    header = ["L", "hosts", "K, V a host", "Star, b = L/hosts", "anchors sent"]
    header += [f"Star, {SHARED_BLOCKS} blocks, ring inside", "ring", "ring/Star"]
    header += [f"ring/{SHARED_BLOCKS} blocks", "received: Star sent", "ring"]
    rows = []
    for length, hosts in places():
        star, _ = star_phase1(model, machine, length, hosts)
        sent, sent_bytes = star_phase1_sent(model, machine, length, hosts)
        shared, _ = shared_phase1(model, machine, length, hosts)
        ring, ring_bytes = ring_phase1(model, machine, length, hosts)
        mark = " *" if hosts > PUBLISHED_BLOCKS else ""
        rows.append(
            place_cells(model, machine, length, hosts)
            + [f"{time_text(star)}{mark}", f"{time_text(sent)}{mark}"]
            + [time_text(shared), time_text(ring)]
            + [f"{ring / star:.1f}x{mark}", f"{ring / shared:.2f}x"]
            + [bytes_text(sent_bytes), bytes_text(ring_bytes)]
        )
    return header, rows


def query_table(model, machine):
    header = ["L", "hosts", "attention and linear", "merges: tree", "all-gather"]
    header += ["all-to-all", "all-gather's buffer", "ring, in all", "tree, in all"]
    rows = []
    for length, hosts in places():
        merging = []
        for algo in ("tree", "allgather", "alltoall"):
            work, merge = query_seconds(model, machine, length, hosts, QUERY_ROWS, algo)
            merging.append(merge)
        size = merge_bytes(QUERY_ROWS * model.heads, model.head_dim, model.element)
        ring = query_ring_seconds(model, machine, length, hosts, QUERY_ROWS)
        rows.append(
            [size_text(length), f"{hosts}", time_text(work)]
            + [time_text(m) for m in merging]
            + [bytes_text(hosts * size), time_text(ring)]
            + [time_text(work + merging[0])]
        )
    return header, rows


def decode_table(model, machine, sparq):
    header = ["L", "hosts", "weights", "K, V", "merges: tree", "all-gather", "ring"]
    header += [
        "Star, in all",
        "merges' share",
        "their share with SparQ",
        "Helix, in all",
    ]
    rows = []
    for length, hosts in places():
        weights, keys, tree = decode_seconds(model, machine, length, hosts, "tree")
        others = [
            decode_seconds(model, machine, length, hosts, algo)[2]
            for algo in ("allgather", "ring")
        ]
        fewer = decode_seconds(model, machine, length, hosts, "tree", sparq)
        total = weights + keys + tree
        helix = sum(helix_decode_seconds(model, machine, length, hosts))
        rows.append(
            [size_text(length), f"{hosts}"]
            + [time_text(s) for s in (weights, keys, tree, *others, total)]
            + [f"{100 * tree / (keys + tree):.1f} %"]
            + [f"{100 * tree / (fewer[1] + tree):.1f} %", time_text(helix)]
        )
    return header, rows


def network_table(model, machine, steps):
    """What the largest of all places depends on."""
    header = ["latency", "network", "Star, a step", "merges", "Helix, a step"]
    header += ["ring, a step", "query: tree", "all-gather", "phase 1: Star", "ring"]
    length, hosts = LENGTHS[-1], HOSTS[-1]
    rows = []
    for latency in steps:
        for network in (machine.network, 4 * machine.network):
            there = dataclasses.replace(machine, latency=latency, network=network)
            place = (model, there, length, hosts)
            star = decode_seconds(*place, "tree")
            rows.append(
                [time_text(latency), f"{number(network / 1e9)} GB/s"]
                + [time_text(sum(star)), time_text(star[2])]
                + [time_text(sum(helix_decode_seconds(*place)))]
                + [time_text(sum(decode_seconds(*place, "ring")))]
                + [
                    time_text(sum(query_seconds(*place, QUERY_ROWS, algo)))
                    for algo in ("tree", "allgather")
                ]
                + [time_text(phase(*place)[0]) for phase in (star_phase1, ring_phase1)]
            )
    return header, rows


def tables(inputs):
    model, hosts = Model(), machines(inputs)
    sparq = inputs["assumed"]["sparq_bytes"]["value"]
    result = {
        "scaling-inputs": inputs_table(inputs),
        "scaling-volume": volume_table(model),
    }
    for name, machine in hosts.items():
        result[f"scaling-phase1-{name}"] = phase1_table(model, machine)
        result[f"scaling-query-{name}"] = query_table(model, machine)
        result[f"scaling-decode-{name}"] = decode_table(model, machine, sparq)
    measured = inputs["measured"]
    step = measured["mpi_seconds"] / math.ceil(math.log2(measured["mpi_ranks"]))
    latencies = sorted({1e-6, inputs["assumed"]["latency"]["value"], step})
    result["scaling-network"] = network_table(model, hosts["h100"], latencies)
    return result


def check_docs(path, sections):
    """The sections of a page that are not what would be written."""
    with open(path) as file:
        text = file.read()
    stale = []
    for name, lines in sections.items():
        begin, end = f"<!-- bench:begin {name} -->", f"<!-- bench:end {name} -->"
        if "\n".join([begin, *lines, end]) not in text:
            stale.append(name)
    return stale


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measured", metavar="JSON", help="what the bench wrote")
    parser.add_argument("--docs", nargs="?", const=DOCS, metavar="FILE")
    parser.add_argument("--check", nargs="?", const=DOCS, metavar="FILE")
    options = parser.parse_args()
    try:
        inputs = load_inputs()
        if options.measured:
            inputs["measured"] = measurements(options.measured)
            with open(INPUTS, "w") as file:
                json.dump(inputs, file, indent=2)
                file.write("\n")
        made = tables(inputs)
        sections = {name: markdown(*table) for name, table in made.items()}
        if options.check:
            stale = check_docs(options.check, sections)
            if stale:
                sys.exit(
                    f"scaling: error: {options.check} is not up to date in "
                    f"{', '.join(stale)}; scaling.py --docs writes it"
                )
            print(f"{len(sections)} sections are up to date")
            return
        for name, table in made.items():
            print(f"{name}", *aligned(*table), "", sep="\n")
        if options.docs:
            for name, lines in sections.items():
                replace_section(options.docs, name, lines)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"scaling: error: {error}")


if __name__ == "__main__":
    main()
