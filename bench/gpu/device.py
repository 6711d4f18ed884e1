"""The machine: everything that is said to CUDA, and the same on a CPU.

`Cuda` measures. `Host` rehearses: the same program on torch's CPU tensors, whose
times are not of a GPU and no measurement."""

import math
import subprocess
import time

# Read before every sample, so that nothing of the sample is found in the L2 cache:
# read, since lines that were written would be brought back to memory at the cost of
# the sample. It takes longer than a program needs to enqueue a call: no kernel waits.
# So many bytes are copied, too, to see how fast that is.
_MANY_BYTES = 1 << 30
# Of all memory, what buffers of this file take at most: one part of so many.
_MEMORY_PART = 64
# Calls shorter than this are repeated in a sample, as one CUDA graph.
SHORT_SECONDS = 5e-4
SAMPLE_SECONDS = 1e-3
MAX_CALLS = 100

# The products that keep a GPU busy while nvidia-smi looks at it: over a second.
_LOAD_PRODUCTS = 800
_QUERY = (
    "clocks.sm,clocks.max.sm,clocks.mem,temperature.gpu,power.draw,power.limit,"
    "clocks_event_reasons.active"
)
# What drivers before 535 call it.
_OLD_QUERY = _QUERY.replace("clocks_event", "clocks_throttle")


class NoDevice(Exception):
    """There is no GPU to measure on; the message says why."""


def _ask_nvidia_smi(query, which="0"):
    """What nvidia-smi says of a GPU, or None and why it says nothing."""
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            [*command, "-i", which], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"unknown: {type(error).__name__} of nvidia-smi"
    lines = (done.stdout or done.stderr).strip().splitlines()
    line = lines[0] if lines else f"exit code {done.returncode}"
    if done.returncode:
        return None, f"unknown: nvidia-smi: {line}"
    return line, ""


class Cuda:
    is_gpu = True
    flex_compiled = True

    def __init__(self, torch):
        if not torch.cuda.is_available():
            raise NoDevice("torch finds no NVIDIA GPU")
        self.torch = torch
        self.type = "cuda"
        torch.cuda.init()
        properties = torch.cuda.get_device_properties(0)
        self.name = properties.name
        self.capability = 10 * properties.major + properties.minor
        self.multiprocessors = properties.multi_processor_count
        self.l2_bytes = getattr(properties, "L2_cache_size", 64 << 20)
        self.memory_bytes = properties.total_memory
        part = self.memory_bytes // _MEMORY_PART
        self.copy_bytes = min(_MANY_BYTES, part // 16 * 16)
        # Of two bytes; on a part of a GPU, smaller ones than on a whole one.
        self.matmul_size = min(8192, 1 << (math.isqrt(part // 2).bit_length() - 1))
        # That of the machine's GPUs which torch calls the first.
        uuid = getattr(properties, "uuid", None)
        self._which = f"GPU-{uuid}" if uuid else "0"
        # One stream of our own for everything: graphs are captured on no other.
        self._stream = torch.cuda.Stream()
        torch.cuda.set_stream(self._stream)
        self.stream = self._stream.cuda_stream
        self._flush = torch.zeros(
            self.copy_bytes // 4, dtype=torch.float32, device="cuda"
        )
        self._sum = torch.zeros(1, dtype=torch.float32, device="cuda")
        self._start = torch.cuda.Event(enable_timing=True)
        self._end = torch.cuda.Event(enable_timing=True)

    def facts(self):
        """What the numbers belong to."""
        driver, why = _ask_nvidia_smi("driver_version", self._which)
        return {
            "device": self.name,
            "capability": self.capability,
            "multiprocessors": self.multiprocessors,
            "l2_bytes": self.l2_bytes,
            "memory_bytes": self.memory_bytes,
            "driver": driver or why,
            "cuda": self.torch.version.cuda,
            "cudnn": self.torch.backends.cudnn.version(),
        }

    def state(self):
        """Clocks and what holds them back, under load."""
        n, kind = self.matmul_size, self.torch.bfloat16
        a = self.torch.randn(n, n, dtype=kind, device="cuda")
        out = self.torch.empty_like(a)
        # Enqueued and not waited for.
        for _ in range(_LOAD_PRODUCTS):
            self.torch.matmul(a, a, out=out)
        query = _QUERY
        found, why = _ask_nvidia_smi(query, self._which)
        if found is None:
            query = _OLD_QUERY
            found, why = _ask_nvidia_smi(query, self._which)
        self.wait()
        return f"{query}: {found}" if found else f"clocks: {why}"

    def bytes(self, count):
        return self.torch.empty(max(count, 1), dtype=self.torch.uint8, device="cuda")

    def wait(self):
        self.torch.cuda.synchronize()

    def release(self):
        """Gives memory that no tensor has any more back to the device."""
        self.torch.cuda.empty_cache()

    def capture(self, run, calls):
        """So many calls as one graph, and a function that replays it."""
        graph = self.torch.cuda.CUDAGraph()
        with self.torch.cuda.graph(graph, stream=self._stream):
            for _ in range(calls):
                run()
        return graph.replay

    def sample(self, run):
        """Seconds on the device of what `run` enqueues, with nothing in the cache."""
        self.torch.sum(self._flush, dim=0, keepdim=True, out=self._sum)
        self._start.record()
        run()
        self._end.record()
        self._end.synchronize()
        return 1e-3 * self._start.elapsed_time(self._end)


class Host:
    is_gpu = False
    stream = None
    type = "cpu"
    name = "CPU (a rehearsal, not a measurement)"
    capability = 0
    multiprocessors = 1
    l2_bytes = 1 << 16
    memory_bytes = 1 << 30
    copy_bytes = 1 << 20
    matmul_size = 64
    flex_compiled = False
    threads = 1

    def __init__(self, torch):
        self.torch = torch
        torch.set_num_threads(self.threads)

    def facts(self):
        return {"device": self.name}

    def state(self):
        return "not a GPU"

    def bytes(self, count):
        return self.torch.empty(max(count, 1), dtype=self.torch.uint8)

    def wait(self):
        pass

    def release(self):
        pass

    def capture(self, run, calls):
        def replay():
            for _ in range(calls):
                run()

        return replay

    def sample(self, run):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
