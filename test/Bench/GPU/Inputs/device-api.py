"""Runs bench/gpu/device.py on a torch whose torch.cuda is a double of the real one,
with its names and signatures: what is misspelt or called with other arguments
throws. The order of what is said to a stream is compared, too. The double without
torch, faketorch, has no name that torch does not have."""

import ast
import inspect
import os
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
        return torch.empty(1, dtype=dtype)

    def zeros(self, *sizes, dtype, device):
        assert device == "cuda"
        return torch.zeros(1, dtype=dtype)

    def sum(self, *args, **options):
        self.order.append("flushed")
        return torch.sum(*args, **options)

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
    pass


def compare(file, real, where):
    """The public functions and classes of a file of faketorch, with the real ones."""
    path = os.path.join(os.path.dirname(__file__), "faketorch", "torch", file)
    with open(path) as stream:
        compare_bodies(ast.parse(stream.read()).body, real, where)


def compare_bodies(body, real, where):
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if node.name in OWN or node.name.startswith("_"):
            continue
        assert hasattr(real, node.name), f"{where}.{node.name}"
        found = getattr(real, node.name)
        if isinstance(node, ast.ClassDef):
            compare_bodies(node.body, found, f"{where}.{node.name}")
            continue
        try:
            names = inspect.signature(found).parameters
        except (TypeError, ValueError):
            continue  # of C
        if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in names.values()):
            continue
        every = node.args.args + node.args.kwonlyargs
        for argument in every:
            assert argument.arg in names, f"{where}.{node.name}({argument.arg})"


# What is said of arrays and to the double itself.
OWN = ("decode", "encode", "values", "attend", "forbid_capture")
from torch.nn.attention import flex_attention  # noqa: E402

compare("__init__.py", torch, "torch")
compare("cuda.py", torch.cuda, "torch.cuda")
compare("_dynamo.py", torch._dynamo, "torch._dynamo")
compare("nn/functional.py", torch.nn.functional, "torch.nn.functional")
compare("nn/attention/__init__.py", torch.nn.attention, "torch.nn.attention")
compare("nn/attention/flex_attention.py", flex_attention, "flex_attention")
print("all calls are right")
