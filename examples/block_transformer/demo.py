#!/usr/bin/env python3
"""Continues a prompt with the trained models, attention by compiled kernels.

    python examples/block_transformer/demo.py [--prompt TEXT] [--tokens 224]

Prints a continuation by the Block Transformer and by the vanilla transformer of
equal size, and a table: bits per byte of held-out text, tokens a second with the
compiled kernels and with PyTorch's attention, bytes of keys and values held.
"""

import argparse
import time
from pathlib import Path

import torch
from block_transformer import generate, pack_linears, torch_attend, use_attend
from block_transformer.data import whole_windows
from block_transformer.evaluate import bits_per_byte
from block_transformer.kernels import compile_attend
from block_transformer.weights import load_model

FOLDER = Path(__file__).resolve().parent / "weights"


def sampler(temperature, seed):
    """A `pick` that draws from softmax(logits / temperature)."""
    generator = torch.Generator().manual_seed(seed)

    def pick(logits):
        probabilities = (logits[:, :256] / temperature).softmax(-1)
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    return pick


def timed(model, prompts, options):
    """(tokens, tokens a second) of the faster of two runs."""
    best = float("inf")
    for _ in range(2):
        pick = sampler(options.temperature, options.seed)
        start = time.perf_counter()
        tokens = generate(model, prompts, options.tokens, pick)
        best = min(best, time.perf_counter() - start)
    return tokens, tokens.numel() / best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompt", default="And it came to pass, that ")
    parser.add_argument("--tokens", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--weights", type=Path, default=FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    models = {
        kind: load_model(options.weights / f"{kind}.npz")
        for kind in ("block", "vanilla")
    }
    for model in models.values():
        pack_linears(model)
    block_len = models["block"].config.block_len
    start = time.perf_counter()
    attend = compile_attend(*(model.config for model in models.values()))
    print(f"kernels compiled in {time.perf_counter() - start:.1f} s")

    text = torch.tensor(list((FOLDER / "held-out.txt").read_bytes()))
    windows = whole_windows(text, 256)
    prompts = [list(options.prompt.encode())] * options.batch
    table = []
    for kind, model in models.items():
        use_attend(model, torch_attend)
        _, torch_speed = timed(model, prompts, options)
        use_attend(model, attend)
        tokens, speed = timed(model, prompts, options)
        with torch.inference_mode():
            bits = bits_per_byte(model, windows, block_len)
        held = model.cache_bytes(len(prompts[0]), options.tokens)
        table.append((kind, bits, speed, torch_speed, held))
        continuation = bytes(tokens[0].tolist()).decode(errors="replace")
        print(f"\n--- {kind}\n{options.prompt}{continuation}")

    print()
    for row in (
        ("", "bits per", "tokens/s", "tokens/s", "KiB of K, V"),
        ("", "byte", "compiled", "torch SDPA", "a sequence"),
    ):
        print("{:8} {:>8} {:>10} {:>12} {:>12}".format(*row))
    for kind, bits, speed, torch_speed, held in table:
        print(
            f"{kind:8} {bits:8.3f} {speed:10.0f} {torch_speed:12.0f} "
            f"{held / 1024:12.1f}"
        )


if __name__ == "__main__":
    main()
