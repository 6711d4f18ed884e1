#!/usr/bin/env python3
"""Shows which keys SparQ attention attends to, head by head, as a decode goes on.

    plot_chosen.py -o chosen.png [--npy=chosen.npy] [--query=Q.npy --key=K.npy]

The choice is the one that compiled code makes: `attn.sparq` is compiled by
attn-compile (which must be in PATH), and is given values that name their keys, row j
being the j-th unit vector. So what comes out of a head are the weights it gave to the
keys it chose, and 0 for the others.

Q.npy holds the queries of a decode, [steps, heads, head_dim], K.npy the keys that
there are at its end, [kv_heads, keys, head_dim]; without them both are random, made
so that some keys matter to many steps. --npy writes the weights, [steps, heads, keys].
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "ctypes"))
from attention import Library  # noqa: E402

MODULE = """
func.func @chosen(%q: tensor<1x{heads}x1x{dim}xf32>,
    %k: tensor<1x{kv_heads}x{keys}x{dim}xf32>,
    %v: tensor<1x{kv_heads}x{keys}x{keys}xf32>, %length: tensor<1xi64>)
    -> tensor<1x{heads}x1x{keys}xf32> {{
  %o = attn.sparq %q, %k, %v kv_len(%length) rank({rank}) top_k({top_k})
      local_window({local_window}) realloc(off) group_reduce({group_reduce})
    : (tensor<1x{heads}x1x{dim}xf32>, tensor<1x{kv_heads}x{keys}x{dim}xf32>,
       tensor<1x{kv_heads}x{keys}x{keys}xf32>, tensor<1xi64>)
    -> tensor<1x{heads}x1x{keys}xf32>
  return %o : tensor<1x{heads}x1x{keys}xf32>
}}
"""


def fail(message):
    sys.exit(f"plot_chosen.py: error: {message}")


def pyplot():
    try:
        import matplotlib
    except ImportError:
        fail("a picture needs matplotlib (pip install matplotlib); --npy does not")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def draw_problem(steps, heads, kv_heads, keys, dim):
    """Queries that drift slowly, larger in some channels, and keys: the first one
    and a few others are close to what all queries have in common."""
    random = np.random.default_rng(0)
    shared = random.standard_normal((heads, dim))
    drift = random.standard_normal((heads, dim))
    query = np.empty((steps, heads, dim))
    for step in query:
        drift = 0.95 * drift + 0.3 * random.standard_normal((heads, dim))
        step[:] = shared + drift
    query *= 8 / (1 + np.arange(dim) * 37 % dim // 4)
    key = random.standard_normal((kv_heads, keys, dim))
    for h in range(kv_heads):
        places = random.choice(keys, keys // 50, replace=False)
        key[h, places] += 0.7 * shared[h * heads // kv_heads]
        key[h, 0] += 1.5 * shared[h * heads // kv_heads]
    return query, key


def load(path, what):
    try:
        array = np.load(path)
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")
    if array.ndim != 3 or array.dtype.kind != "f":
        fail(f"{path}: expects floats, {what}, but got {array.dtype} {array.shape}")
    return array


def choose(query, key, options):
    """The weights of the keys at each step, [steps, heads, keys]."""
    steps, heads, dim = query.shape
    kv_heads, keys, _ = key.shape
    module = MODULE.format(
        heads=heads, kv_heads=kv_heads, keys=keys, dim=dim, **options
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "chosen.mlir")
        with open(path, "w") as file:
            file.write(module)
        library = path.replace(".mlir", ".so")
        try:
            done = subprocess.run(["attn-compile", path, "-o", library, "--mcpu=native"],
                                  capture_output=True, text=True)  # fmt: skip
        except FileNotFoundError:
            fail("attn-compile is not in PATH")
        if done.returncode:
            fail(f"attn-compile: {done.stderr}")
        library = Library(library)
    key = key[None].astype(np.float32)
    names = np.broadcast_to(np.eye(keys, dtype=np.float32), (1, kv_heads, keys, keys))
    weights = []
    for step, q in enumerate(query):
        # The token of a step is a key of it.
        length = np.array([keys - steps + step + 1])
        q = q[None, :, None].astype(np.float32)
        weights.append(library.call("chosen", q, key, names, length)[0, :, 0])
    return np.stack(weights)


def plot(weights, path, options):
    plt = pyplot()
    steps, heads, keys = weights.shape
    figure, axes = plt.subplots(
        heads, 1, sharex=True, squeeze=False, figsize=(11, 1 + 1.6 * heads),
        layout="constrained",
    )  # fmt: skip
    shown = np.log10(np.where(weights == 0, np.nan, weights))
    length = keys - steps + np.arange(steps) + 1
    for h, axis in enumerate(axes[:, 0]):
        image = axis.imshow(
            shown[:, h], aspect="auto", interpolation="nearest",
            cmap="viridis", vmin=-6, vmax=0, extent=(0, keys, steps, 0),
        )  # fmt: skip
        # Keys that are not there yet.
        axis.fill_betweenx(
            np.arange(steps + 1), [*length, keys], keys, color="0.85", step="post"
        )
        axis.set_ylabel(f"head {h}\nstep")
    axes[-1, 0].set_xlabel("key")
    axes[0, 0].set_title(
        "Keys that SparQ attends to: rank {rank}, top-k {top_k}, "
        "local window {local_window}".format(**options)
    )
    figure.colorbar(image, ax=axes[:, 0], label="log10 of the weight")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", dest="picture", help="the picture, F.png")
    parser.add_argument("--npy", help="the weights, F.npy")
    parser.add_argument("--query", help="queries, [steps, heads, head_dim]")
    parser.add_argument("--key", help="keys, [kv_heads, keys, head_dim]")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--top-k", type=int, default=48)
    parser.add_argument("--local-window", type=int, default=12)
    parser.add_argument("--group-reduce", choices=["prob", "logit"], default="prob")
    parser.add_argument("--steps", type=int, default=96, help="random ones")
    parser.add_argument("--keys", type=int, default=480, help="random ones")
    parser.add_argument("--heads", type=int, default=4, help="of random ones")
    parser.add_argument("--kv-heads", type=int, default=4, help="of random ones")
    arguments = parser.parse_args()
    if not arguments.picture and not arguments.npy:
        fail("expects -o F.png or --npy=F.npy")
    if bool(arguments.query) != bool(arguments.key):
        fail("expects --query and --key together")
    if arguments.query:
        query = load(arguments.query, "[steps, heads, head_dim]")
        key = load(arguments.key, "[kv_heads, keys, head_dim]")
        if query.shape[2] != key.shape[2] or query.shape[1] % max(1, key.shape[0]):
            fail(f"queries {query.shape} and keys {key.shape} do not fit")
    else:
        sizes = (arguments.steps, arguments.heads, arguments.kv_heads, arguments.keys)
        if min(sizes) < 1 or arguments.heads % arguments.kv_heads:
            fail("expects positive numbers, and heads a multiple of kv-heads")
        query, key = draw_problem(*sizes, dim=64)
    if not 1 <= len(query) <= key.shape[1]:
        fail(f"expects a key for each of {len(query)} steps, but got {key.shape[1]}")
    if arguments.picture:
        pyplot()
    options = {
        n: getattr(arguments, n)
        for n in ("rank", "top_k", "local_window", "group_reduce")
    }
    weights = choose(query, key, options)
    length = key.shape[1] - len(query) + np.arange(len(query)) + 1
    missing = np.minimum(options["top_k"], length)[:, None] - (weights != 0).sum(axis=2)
    if missing.any():
        print(f"{missing.sum()} chosen keys have a weight of 0 in f32 and do not show")
    if arguments.npy:
        with open(arguments.npy, "wb") as file:
            np.save(file, weights)
    if arguments.picture:
        plot(weights, arguments.picture, options)
    chosen = (weights != 0).sum(axis=2).mean()
    print(f"{len(query)} steps, {query.shape[1]} heads: {chosen:.1f} keys of "
          f"{length[0]} to {length[-1]}")  # fmt: skip


if __name__ == "__main__":
    main()
