"""parallel.py EXAMPLE.py FILE.so: the threads of a shared object are threads,
and any others will do."""

import importlib.util
import sys
import threading

import numpy as np

spec = importlib.util.spec_from_file_location("attention", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
library = example.Library(sys.argv[2])

# Two iterations that wait for each other end only on two threads.
barrier = threading.Barrier(2)
seen = set()


def body(args, index, thread):
    barrier.wait(timeout=60)
    seen.add((index, thread))


threads = library.openmp(2)
threads.parallel_for(threads.ctx, 2, example.Body(body), None)
assert {i for i, _ in seen} == {0, 1} and {t for _, t in seen} == {0, 1}, seen

# All iterations, each once, numbers in range; more threads than iterations.
for n, number in ((100, 2), (3, 8), (1, 4), (0, 4)):
    counts = [0] * n
    lock = threading.Lock()

    def count(args, index, thread):
        with lock:
            counts[index] += 1
        assert 0 <= thread < number

    threads = library.openmp(number)
    threads.parallel_for(threads.ctx, n, example.Body(count), None)
    assert counts == [1] * n, counts

# A pool of the caller's.
loops = []


def backwards(ctx, n, body, args):
    loops.append(n)
    for i in reversed(range(n)):
        body(args, i, i % 3)


pool = example.Exec(None, example.ParallelFor(backwards), 3, None)
x = np.random.default_rng(1).standard_normal((1, 8, 70, 64), np.float32)
serial = library.call("causal_gqa", x, x[:, :2], x[:, :2])
pooled = library.call("causal_gqa", x, x[:, :2], x[:, :2], threads=pool)
assert loops and np.array_equal(serial, pooled)
print("threads are as they should be")
