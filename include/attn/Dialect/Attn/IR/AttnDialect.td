//===- AttnDialect.td - The attn dialect -------------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The dialect definition and the base classes of its ops and attributes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD
#define ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let cppNamespace = "::mlir::attn";
  let summary = "Attention: what is wanted, and the pieces it is made of";
  let description = [{
    The dialect has two layers. Layer A (`attn.sdpa`) says what attention a
    program wants, on tensors, with no destination. Layer B (`attn.partial`,
    `attn.online`, `attn.finalize`, `attn.merge`) are the pieces a strategy
    composes it from, with `ins`/`outs` like linalg, on tensors or memrefs.

    Everything is composed from one associative object, the softmax state of a
    set of keys: `partial` gives `(output, lse)` of a key range, `merge` joins
    such states over disjoint key ranges, and the identity is `(0, -inf)`.

    Every op that scores keys keeps one order, whatever the lowering:

    ```text
    s = scale * <q, k>  ->  softcap * tanh(s / softcap)  ->  + bias
      ->  score region  ->  mask (excluded, never "a large negative number")
      ->  softmax (natural exp; optional sinks)  ->  * value  ->  output type
    ```

    Scores, the softmax and the value product accumulate in f32 (f64 for f64
    inputs). A row that sees no key and has no sink gives output 0 and
    lse -inf.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"
  ];
}

class Attn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Attn_Dialect, mnemonic, traits>;

class Attn_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Attn_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD
