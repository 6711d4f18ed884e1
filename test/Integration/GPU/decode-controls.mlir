// REQUIRES: numpy
// A decoding step by matrix instructions is wrong without the waits for copies,
// and without the barriers between warps. (ldmatrix waits for the lanes of a
// warp itself: that they see each other's copies is not what an emulator tells.)
// RUN: %python -c "import numpy; g = numpy.random.default_rng(1); [numpy.save('%t.' + n, g.standard_normal(s).astype('float16')) for n, s in (('q', (2, 8, 1, 64)), ('k', (2, 2, 700, 64)), ('v', (2, 2, 700, 64)))]"
// RUN: attn-opt %s --convert-attn-to-gpu > %t.mlir
// DEFINE: %{inputs} = --function=decode --target=cuda-emulated --input=@%t.q.npy --input=@%t.k.npy --input=@%t.v.npy --input=arg3:=2x8x1x64xf16=zeros --output=@%t.1.npy --output=@%t.2.npy --output=@%t.3.npy --output=@%t.o.npy
// DEFINE: %{check} = %python %S/Inputs/check-decode.py %t.q.npy %t.k.npy %t.v.npy %t.o.npy | FileCheck %s
// RUN: attn-run %t.mlir %{inputs} && %{check} --check-prefix=RIGHT
// RUN: sed '/nvvm.cp.async.wait.group/d' %t.mlir > %t.waits.mlir
// RUN: attn-run %t.waits.mlir %{inputs} && %{check} --check-prefix=WRONG
// RUN: sed '/gpu.barrier/d' %t.mlir > %t.barriers.mlir
// RUN: attn-run %t.barriers.mlir %{inputs} && %{check} --check-prefix=WRONG

// RIGHT: right
// WRONG: wrong
!q = memref<2x8x1x64xf16>
!kv = memref<2x2x700x64xf16>
func.func @decode(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v) outs(%o) : (!q, !kv, !kv, !q) -> ()
  return
}
