"""One stream, one clock; a graph that is captured forbids to wait."""

import contextlib
import os
import time
import types

_state = types.SimpleNamespace(stream=None, capturing=False)


def forbid_capture(device="cuda"):
    if _state.capturing and device == "cuda":
        raise RuntimeError("operation not permitted when stream is capturing")


def is_available():
    return True


def init():
    if os.environ.get("FAKE_TORCH_BROKEN"):
        raise RuntimeError("uncorrectable ECC error")


def get_device_properties(device):
    assert device == 0
    return types.SimpleNamespace(
        name="Fake H100",
        major=9,
        minor=0,
        multi_processor_count=132,
        total_memory=1 << 20,
        L2_cache_size=1 << 14,
        uuid="0",
    )


class Stream:
    cuda_stream = 77


def set_stream(stream):
    _state.stream = stream


def synchronize():
    forbid_capture()


def empty_cache():
    forbid_capture()


class Event:
    def __init__(self, enable_timing=False):
        assert enable_timing

    def record(self, stream=None):
        self.time = time.perf_counter()

    def synchronize(self):
        forbid_capture()

    def elapsed_time(self, end_event):
        return 1e3 * (end_event.time - self.time) + 1e-3


class CUDAGraph:
    seconds = None

    def replay(self):
        if not os.environ.get("FAKE_TORCH_EMPTY_GRAPHS"):
            time.sleep(self.seconds)


@contextlib.contextmanager
def graph(cuda_graph, pool=None, stream=None, capture_error_mode="global"):
    # Another one than that of the launches would capture nothing.
    assert stream is _state.stream is not None
    _state.capturing = True
    begin = time.perf_counter()
    try:
        yield
        cuda_graph.seconds = time.perf_counter() - begin
    finally:
        _state.capturing = False
