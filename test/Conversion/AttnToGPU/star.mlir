// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse | FileCheck %s

!q = memref<1x4x?x64xf16>
!kv = memref<1x2x?x64xf16>

// Rows see an anchor and their own block, and tiles between these are none of
// their steps. A tile with an edge of some row compares with both ranges; all
// others are behind them and compare nothing.
// CHECK-LABEL: func.func @star
// CHECK:         gpu.launch
// CHECK:           scf.for
// CHECK:             nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache =  cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK:             nvvm.mma.sync
// CHECK:             arith.cmpi sgt
// CHECK:             arith.cmpi sle
// CHECK:             arith.ori
// CHECK:             llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK:             scf.yield
// CHECK:           scf.for
// CHECK:             nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache =  cg : !llvm.ptr<3>, !llvm.ptr<1>{{$}}
// CHECK:             nvvm.mma.sync
// CHECK-NOT:         arith.ori
// CHECK:             llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK:             nvvm.mma.sync
// CHECK:             scf.yield
// CHECK-NOT:       nvvm.mma.sync
// CHECK:         } else {
func.func @star(%q: !q, %k: !kv, %v: !kv, %c: index, %o: !q) {
  attn.star_step ins(%q, %k, %v causal context_len(%c) block_size(1024)
      anchor_size(256)) outs(%o)
      config(<kernel = mma_sync, block_q = 64, block_kv = 32, warps = 4, stages = 2>)
    : (!q, !kv, !kv, index, !q) -> ()
  return
}
