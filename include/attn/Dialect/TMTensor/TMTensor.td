//===- TMTensor.td - torch-mlir's attention, to be read ----*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A shadow of torch-mlir's tm_tensor dialect: just enough for its attention op
// to parse in its own syntax, so that raising finds it. Nothing of ours makes
// such an op.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TMTENSOR_TMTENSOR_TD
#define ATTN_DIALECT_TMTENSOR_TMTENSOR_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def TMTensor_Dialect : Dialect {
  let name = "tm_tensor";
  let cppNamespace = "::mlir::attn::tm_tensor";
  let summary = "Shadow of torch-mlir's tm_tensor dialect";
  let description = [{
    Read only: `attn-raise` turns `tm_tensor.attention` into `attn.sdpa`. The
    dialect's other operations are accepted in generic form and left alone.
  }];
}

def TMTensor_AttentionOp : Op<TMTensor_Dialect, "attention", [
    AttrSizedOperandSegments, Pure, DestinationStyleOpInterface]> {
  let summary = "Attention, as torch-mlir names it";
  let description = [{
    **Meaning** `softmax(scale * query * key^T + mask) * value`, or with a
    boolean mask (true = visible) the scores of its false positions excluded.

    **Shapes** query `[n, seq_len_q, head_dim]`, key `[n, seq_len_kv,
    head_dim]`, value `[n, seq_len_kv, head_dim_v]`, mask `[n, seq_len_q,
    seq_len_kv]`; torch-mlir merges batch and heads into n.

    **Units** `scale` absent: 1/sqrt(head_dim).

    **Errors**
    - attention_c1: three or four inputs and one destination.
    - attention_c2: the ranks above.

    **Source** torch-mlir, TMTensorOps.td. Its own lowering ignores `scale` and
    subtracts one maximum of the whole tensor; we read the op by its
    documentation and by what PyTorch computes.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs,
                       OptionalAttr<F64Attr>:$scale);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    attr-dict `ins` `(` $inputs `:` type($inputs) `)`
    `outs` `(` $outputs `:` type($outputs) `)` `->` type($results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getQuery() { return getInputs()[0]; }
    ::mlir::Value getKey() { return getInputs()[1]; }
    ::mlir::Value getValue() { return getInputs()[2]; }
    /// Null if there is none.
    ::mlir::Value getMask() {
      return getInputs().size() > 3 ? getInputs()[3] : ::mlir::Value();
    }
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
}

#endif // ATTN_DIALECT_TMTENSOR_TMTENSOR_TD
