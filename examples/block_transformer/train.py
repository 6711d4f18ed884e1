#!/usr/bin/env python3
"""Trains a Block Transformer and a vanilla one of equal size; reports bits per byte.

    python examples/block_transformer/train.py --output weights

The two are trained side by side, each on one core.
"""

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from block_transformer import BlockTransformerConfig, data, make_model
from block_transformer import non_embedding_size
from block_transformer.config import PAD
from block_transformer.evaluate import bits_per_byte, loss_of
from block_transformer.weights import save_model


def pad_left(windows, block_len, generator):
    """Overwrite 0..block_len - 1 tokens at the left of each window by PAD.

    It makes the padding of a prompt's first block benign (algorithms.md 4.3).
    """
    counts = torch.randint(block_len, (len(windows), 1), generator=generator)
    return windows.masked_fill(torch.arange(windows.shape[1]) < counts, PAD)


def train(model, block_len, next_windows, steps, learning_rate):
    """AdamW, 5 % warm-up, then a cosine to a tenth.

    Returns seconds, and the seconds of them that a core worked for it.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), learning_rate, betas=(0.9, 0.95), weight_decay=0.1
    )
    warm_up = max(1, steps // 20)

    def factor(step):
        rise = min(1.0, (step + 1) / warm_up)
        return rise * (0.55 + 0.45 * math.cos(math.pi * step / steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    start, cpu_start = time.perf_counter(), time.process_time()
    for step in range(steps):
        loss = loss_of(model, next_windows(), block_len)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            seconds = time.perf_counter() - start
            print(
                f"  step {step + 1} loss {loss.item():.3f} {seconds:.0f} s", flush=True
            )
    return time.perf_counter() - start, time.process_time() - cpu_start


def run(name, args):
    """Train, evaluate and save one model on one core; returns its report."""
    torch.set_num_threads(1)
    training, test = data.split(data.load_text(args.text))
    config = BlockTransformerConfig()
    torch.manual_seed(0)
    model = make_model(name, config)
    generator = torch.Generator().manual_seed(0)

    def next_windows():
        windows = data.random_windows(training, args.batch, args.length, generator)
        return pad_left(windows, config.block_len, generator)

    seconds, cpu_seconds = train(
        model, config.block_len, next_windows, args.steps, args.learning_rate
    )
    windows = data.whole_windows(test, args.length)
    bits = bits_per_byte(model, windows, config.block_len)
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        save_model(args.output / f"{name}.npz", model)
    return (
        f"{name}: {bits:.4f} bits per byte after {args.steps} steps in "
        f"{seconds:.1f} s ({cpu_seconds:.1f} s of a core), "
        f"{non_embedding_size(model)} parameters outside the embeddings"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", help="plain text; default: the program `bible`")
    parser.add_argument("--output", type=Path, help="directory for the weights")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    args = parser.parse_args()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for report in pool.map(run, ["block", "vanilla"], [args] * 2):
            print(report)


if __name__ == "__main__":
    main()
