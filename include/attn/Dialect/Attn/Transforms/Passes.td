//===- Passes.td - Passes on the attn dialect --------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Passes that read and write attn ops; lowerings are in attn/Conversion.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
#define ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Raising
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// Tiling and strategies
//===----------------------------------------------------------------------===//

def AttnTileBlockwisePass
    : Pass<"attn-tile-blockwise", "::mlir::func::FuncOp"> {
  let summary = "Tile `attn.sdpa` and `attn.partial` into blockwise attention";
  let description = [{
    Exact. Each op becomes an `scf.forall` over batch entries, key/value heads
    and tiles of `block-size-q` queries. A tile holds all query heads that read
    one key head, so that K and V are read once per group. Its softmax state
    walks the key ranges the tile can see in `attn.online` steps of
    `block-size-kv` keys and ends in `attn.finalize`; keys no query of the tile
    sees are not touched, and ranges every query sees carry no mask. With
    `block-size-kv=-1` a range is one `attn.online`, walked inside the kernel.

    Paged, scaled and 8-bit keys and values are gathered a key tile at a time
    to the type they are computed in (so `block-size-kv=-1` means 128 there). A
    boolean mask becomes i8 once, before the loops. A dimension of `mask` or
    `bias` whose type is `?` is taken to be the full one, not 1.

    `#attn.blockwise` on an op has precedence over the options; ops with another
    strategy are left alone. What neither gives comes from the module's
    `attn.target`: 32 and -1 on a CPU, 64 and 64 on a GPU; without one 32 and
    128.

    ```mlir
    func.func @causal(%q: tensor<1x8x512x64xf32>, %kv: tensor<1x2x512x64xf32>)
        -> tensor<1x8x512x64xf32> {
      %o = attn.sdpa %q, %kv, %kv causal
        : (tensor<1x8x512x64xf32>, tensor<1x2x512x64xf32>,
           tensor<1x2x512x64xf32>) -> tensor<1x8x512x64xf32>
      return %o : tensor<1x8x512x64xf32>
    }
    ```

    Source: FlashAttention-2, arXiv 2307.08691; algorithms: Blockwise.
  }];
  let options = [
    Option<"blockSizeQ", "block-size-q", "int64_t", /*default=*/"0",
           "Queries of a tile, of every head of a group; 0: the target "
           "chooses">,
    Option<"blockSizeKv", "block-size-kv", "int64_t", /*default=*/"0",
           "Keys of a tile; 0: the target chooses; -1: whole ranges">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
