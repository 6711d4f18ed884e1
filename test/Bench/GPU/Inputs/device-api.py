"""Runs bench/gpu/device.py on a torch whose torch.cuda is a double of the real one,
with its names and signatures: what is misspelt or called with other arguments
throws. The order of what is said to a stream is compared, too."""

import sys
from unittest import mock

import torch

sys.path.insert(0, sys.argv[1])
from device import Cuda, NoDevice  # noqa: E402


class Torch:
    """torch, but for its CUDA, and with all memory on the CPU."""

    def __init__(self):
        self.order = []
        self.cuda = mock.create_autospec(torch.cuda)
        self.cuda.is_available.return_value = True
        properties = self.cuda.get_device_properties.return_value
        properties.configure_mock(
            major=9, minor=0, multi_processor_count=132, total_memory=1 << 30
        )
        properties.name, properties.L2_cache_size = "NVIDIA X", 50 << 20
        self.cuda.Stream.return_value.cuda_stream = 77
        starts = [mock.create_autospec(torch.cuda.Event, instance=True) for _ in "ab"]
        for name, event in zip(("start", "end"), starts):
            self._note(event.record, f"{name} recorded")
            self._note(event.synchronize, f"{name} waited for")
        starts[0].elapsed_time.return_value = 2.5
        self.cuda.Event.side_effect = starts
        self.events = starts
        graph = self.cuda.CUDAGraph.return_value
        self._note(graph.replay, "graph replayed")
        self._note(self.cuda.graph.return_value.__enter__, "capture begins")
        self._note(self.cuda.graph.return_value.__exit__, "capture ends")

    def _note(self, method, what):
        method.side_effect = lambda *args: self.order.append(what)

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, *sizes, dtype, device):
        assert device == "cuda"
        owner = self

        class Memory(mock.Mock):
            def zero_(self):
                owner.order.append("flushed")

        return Memory()

    def randn(self, *sizes, dtype, device):
        assert device == "cuda"
        return torch.zeros(4, 4, dtype=dtype)


def said(found, *wanted):
    assert found == list(wanted), found
    found.clear()


fake = Torch()
device = Cuda(fake)
device.matmul_size = 4
fake.cuda.set_stream.assert_called_once_with(fake.cuda.Stream.return_value)
assert (device.stream, device.capability, device.l2_bytes) == (77, 90, 50 << 20)
seconds = device.sample(lambda: fake.order.append("run"))
assert seconds == 2.5e-3
said(fake.order, "flushed", "start recorded", "run", "end recorded", "end waited for")
fake.events[0].elapsed_time.assert_called_once_with(fake.events[1])
replay = device.capture(lambda: fake.order.append("run"), 2)
said(fake.order, "capture begins", "run", "run", "capture ends")
fake.cuda.graph.assert_called_once_with(
    fake.cuda.CUDAGraph.return_value, stream=fake.cuda.Stream.return_value
)
device.sample(replay)
assert "graph replayed" in fake.order
facts = device.facts()
assert facts["device"] == "NVIDIA X" and facts["driver"].startswith("unknown"), facts
assert device.state().startswith("clocks: unknown"), device.state()
device.wait()
device.release()
device.bytes(0)
fake = Torch()
fake.cuda.is_available.return_value = False
try:
    Cuda(fake)
    raise SystemExit("no NoDevice")
except NoDevice as error:
    assert "no NVIDIA GPU" in str(error)
# The double is as strict as the real one.
try:
    fake.cuda.graph(graph=None)
    raise SystemExit("not strict")
except TypeError:
    print("all calls are right")
