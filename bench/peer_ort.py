"""ONNX Runtime's attention operators on the CPU."""

import numpy as np

from contender import Contender, Missing, Unsupported
from shapes import MODIFIERS

try:
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper
except ImportError as error:
    raise Missing(str(error)) from error

VERSION = f"ONNX Runtime {onnxruntime.__version__}, onnx {onnx.__version__}"

_TYPES = {
    "f32": TensorProto.FLOAT,
    "f16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
}


class _Node(Contender):
    """A model of one node, its inputs and outputs bound to fixed arrays."""

    name = "ort"

    def __init__(self, threads, op, domain, feeds, results, attributes):
        """feeds: (name, ONNX type, array or None for an absent input);
        results: the same, absent ones left out."""
        node = helper.make_node(
            op,
            [name if array is not None else "" for name, _, array in feeds],
            [name for name, _, _ in results],
            domain=domain,
            **attributes,
        )
        feeds = [feed for feed in feeds if feed[2] is not None]

        def infos(values):
            return [
                helper.make_tensor_value_info(n, t, list(a.shape)) for n, t, a in values
            ]

        graph = helper.make_graph([node], op, infos(feeds), infos(results))
        opsets = [helper.make_opsetid("", 23)]
        if domain:
            opsets.append(helper.make_opsetid(domain, 1))
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            text = str(error)
            if "NOT_IMPLEMENTED" in text:
                text = f"{op} has no CPU kernel for this type"
            raise Unsupported(text) from error
        self.binding = self.session.io_binding()
        for name, kind, array in feeds:
            self.binding.bind_input(
                name, "cpu", 0, kind, list(array.shape), array.ctypes.data
            )
        for name, kind, array in results:
            self.binding.bind_output(
                name, "cpu", 0, kind, list(array.shape), array.ctypes.data
            )
        self._keep = (feeds, results)

    def run(self):
        self.session.run_with_iobinding(self.binding)


class Attention(_Node):
    """ai.onnx Attention, opset 23."""

    detail = "Attention-23"

    def __init__(self, inputs, threads):
        case = inputs.case
        kind = _TYPES[case.dtype]
        self.result = np.zeros_like(inputs.query)
        mask = None
        if case.modifier == "bias":
            mask = ("mask", kind, inputs.bias)
        elif case.modifier == "mask":
            array = inputs.mask.view(np.bool_)
            mask = ("mask", TensorProto.BOOL, array)
        elif case.modifier in ("window", "alibi"):
            i = np.arange(case.seq_q)[:, None]
            j = np.arange(case.seq_kv)[None, :]
            if case.modifier == "window":
                array = (j <= i) & (j >= i - MODIFIERS["window"])
                mask = ("mask", TensorProto.BOOL, array[None, None])
            elif case.dtype == "bf16":
                raise Unsupported("Attention has no CPU kernel for this type")
            else:
                array = inputs.slopes[:, None, None] * (j - i)
                array = array[None].astype(inputs.query.dtype)
                mask = ("mask", kind, np.ascontiguousarray(array))
        attributes = {"is_causal": int(case.causal and case.modifier != "window")}
        if case.modifier == "softcap":
            attributes["softcap"] = float(MODIFIERS["softcap"])
        feeds = [
            ("q", kind, inputs.query),
            ("k", kind, inputs.key),
            ("v", kind, inputs.value),
        ]
        if mask:
            feeds.append(mask)
        super().__init__(
            threads, "Attention", "", feeds, [("y", kind, self.result)], attributes
        )

    def output(self):
        return self.result


def _tokens_first(array):
    """[b, h, s, d] as [b, s, h*d], which the operators of com.microsoft take."""
    b, h, s, d = array.shape
    return np.ascontiguousarray(array.transpose(0, 2, 1, 3)).reshape(b, s, h * d)


class _TokensFirst(_Node):
    def output(self):
        case = self.case
        shape = (case.batch, case.seq_q, case.heads, case.head_dim)
        return np.ascontiguousarray(self.result.reshape(shape).transpose(0, 2, 1, 3))


class MultiHead(_TokensFirst):
    """com.microsoft MultiHeadAttention: no groups."""

    detail = "MultiHeadAttention"

    def __init__(self, inputs, threads):
        case = self.case = inputs.case
        if case.group > 1:
            raise Unsupported("MultiHeadAttention has no groups")
        if case.modifier not in ("none", "bias"):
            raise Unsupported(f"MultiHeadAttention has no {case.modifier}")
        kind = _TYPES[case.dtype]
        query, key, value = (
            _tokens_first(a) for a in (inputs.query, inputs.key, inputs.value)
        )
        self.result = np.zeros_like(query)
        feeds = [("q", kind, query), ("k", kind, key), ("v", kind, value)]
        if case.modifier == "bias":
            feeds += [("b", kind, None), ("m", kind, None), ("a", kind, inputs.bias)]
        attributes = {"num_heads": case.heads, "unidirectional": int(case.causal)}
        results = [("y", kind, self.result)]
        super().__init__(
            threads, "MultiHeadAttention", "com.microsoft", feeds, results, attributes
        )


class GroupQuery(_TokensFirst):
    """com.microsoft GroupQueryAttention: always causal; a decode step appends
    its own key in place, in a cache that past and present share."""

    detail = "GroupQueryAttention"

    def __init__(self, inputs, threads):
        case = self.case = inputs.case
        decode = case.seq_q == 1
        if not decode and not case.causal:
            raise Unsupported("GroupQueryAttention is always causal")
        if case.seq_q not in (1, case.seq_kv):
            raise Unsupported("GroupQueryAttention: some, but not all tokens are new")
        attributes = {"num_heads": case.heads, "kv_num_heads": case.kv_heads}
        if case.modifier == "window":
            attributes["local_window_size"] = MODIFIERS["window"] + 1
        elif case.modifier == "softcap":
            attributes["softcap"] = float(MODIFIERS["softcap"])
        elif case.modifier != "none":
            raise Unsupported(f"GroupQueryAttention has no {case.modifier}")
        kind = _TYPES[case.dtype]
        query = _tokens_first(inputs.query)
        self.result = np.zeros_like(query)
        lengths = np.full(case.batch, case.seq_kv - 1, np.int32)
        total = np.array([case.seq_kv], np.int32)
        if decode:
            # The last key is the step's own: written over itself.
            key, value = (
                _tokens_first(a[:, :, -1:]) for a in (inputs.key, inputs.value)
            )
            past = present = (inputs.key, inputs.value)
        else:
            key, value = (_tokens_first(a) for a in (inputs.key, inputs.value))
            past = (None, None)
            present = (np.empty_like(inputs.key), np.empty_like(inputs.value))
        feeds = [
            ("q", kind, query),
            ("k", kind, key),
            ("v", kind, value),
            ("pk", kind, past[0]),
            ("pv", kind, past[1]),
            ("lengths", TensorProto.INT32, lengths),
            ("total", TensorProto.INT32, total),
        ]
        results = [("y", kind, self.result)]
        results += [("k_out", kind, present[0]), ("v_out", kind, present[1])]
        super().__init__(
            threads, "GroupQueryAttention", "com.microsoft", feeds, results, attributes
        )


def candidates(inputs, threads):
    """Lists of alternatives; the benchmark keeps the fastest of each."""
    yield "ort", [
        lambda op=op: op(inputs, threads) for op in (Attention, GroupQuery, MultiHead)
    ]
