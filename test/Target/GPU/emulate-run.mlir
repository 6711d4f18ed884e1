// The runner of LLVM cannot load what is instrumented.
// UNSUPPORTED: sanitized
// RUN: attn-opt %s --attn-emulate-gpu \
// RUN:   | mlir-runner -e main -entry-point-result=i32 -shared-libs=%attn_lib/libattn_gpu_emulator.so \
// RUN:   | FileCheck %s
// RUN: sed '/nvvm.barrier0/d' %s | attn-opt --attn-emulate-gpu \
// RUN:   | mlir-runner -e main -entry-point-result=i32 -shared-libs=%attn_lib/libattn_gpu_emulator.so \
// RUN:   | FileCheck %s --check-prefix=CONTROL

// Reverses 128 numbers through shared memory, then exchanges neighbours: what
// is wrong is the number of the first wrong element, and 0 if none is.
// CHECK: {{^}}0{{$}}
// Without the barrier some warp reads what is not there yet.
// CONTROL: {{^[1-9][0-9]*$}}
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<128 x f32>
    llvm.func @reverse(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %bid = nvvm.read.ptx.sreg.ctaid.x : i32
      %c128 = llvm.mlir.constant(128 : i32) : i32
      %c127 = llvm.mlir.constant(127 : i32) : i32
      %base = llvm.mul %bid, %c128 : i32
      %i = llvm.add %base, %tid : i32
      %p = llvm.getelementptr %in[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %v = llvm.load %p : !llvm.ptr<1> -> f32
      %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
      %s = llvm.getelementptr %tile[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      llvm.store %v, %s : f32, !llvm.ptr<3>
      nvvm.barrier0
      %j = llvm.sub %c127, %tid : i32
      %t = llvm.getelementptr %tile[%j] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %w = llvm.load %t : !llvm.ptr<3> -> f32
      %full = llvm.mlir.constant(-1 : i32) : i32
      %one = llvm.mlir.constant(1 : i32) : i32
      %clamp = llvm.mlir.constant(31 : i32) : i32
      %x = nvvm.shfl.sync bfly %full, %w, %one, %clamp : f32 -> f32
      %q = llvm.getelementptr %out[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      llvm.store %x, %q : f32, !llvm.ptr<1>
      llvm.return
    }
  }

  llvm.func @attn_emulate_launch(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr) -> i32
  // Declared where launches are lowered, defined by the pass.
  llvm.func @m_reverse(!llvm.ptr)
  llvm.mlir.global internal constant @grid(dense<[3, 1, 1]> : tensor<3xi64>) : !llvm.array<3 x i64>
  llvm.mlir.global internal constant @block(dense<[128, 1, 1]> : tensor<3xi32>) : !llvm.array<3 x i32>

  llvm.func @main() -> i32 {
    %zero = llvm.mlir.constant(0 : i64) : i64
    %one = llvm.mlir.constant(1 : i64) : i64
    %two = llvm.mlir.constant(2 : i64) : i64
    %n = llvm.mlir.constant(384 : i64) : i64
    %in = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
    %out = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
    llvm.br ^fill(%zero : i64)
  ^fill(%i: i64):
    %more = llvm.icmp "slt" %i, %n : i64
    llvm.cond_br %more, ^store, ^launch
  ^store:
    %p = llvm.getelementptr %in[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %f = llvm.sitofp %i : i64 to f32
    llvm.store %f, %p : f32, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^fill(%next : i64)
  ^launch:
    %params = llvm.alloca %two x !llvm.ptr : (i64) -> !llvm.ptr
    %slots = llvm.alloca %two x !llvm.ptr : (i64) -> !llvm.ptr
    %slot1 = llvm.getelementptr %slots[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    llvm.store %in, %slots : !llvm.ptr, !llvm.ptr
    llvm.store %out, %slot1 : !llvm.ptr, !llvm.ptr
    %param1 = llvm.getelementptr %params[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    llvm.store %slots, %params : !llvm.ptr, !llvm.ptr
    llvm.store %slot1, %param1 : !llvm.ptr, !llvm.ptr
    %kernel = llvm.mlir.addressof @m_reverse : !llvm.ptr
    %grid = llvm.mlir.addressof @grid : !llvm.ptr
    %block = llvm.mlir.addressof @block : !llvm.ptr
    %status = llvm.call @attn_emulate_launch(%kernel, %grid, %block, %zero, %params) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr) -> i32
    %zero32 = llvm.mlir.constant(0 : i32) : i32
    %ok = llvm.icmp "eq" %status, %zero32 : i32
    llvm.cond_br %ok, ^check(%zero : i64), ^failed(%n : i64)
  ^check(%k: i64):
    %rest = llvm.icmp "slt" %k, %n : i64
    llvm.cond_br %rest, ^compare, ^good
  ^compare:
    %q = llvm.getelementptr %out[%k] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %got = llvm.load %q : !llvm.ptr -> f32
    // In block b, element t is 128 * b + 127 - (t xor 1), and 128 is even.
    %c127 = llvm.mlir.constant(127 : i64) : i64
    %flip = llvm.xor %k, %one : i64
    %mirrored = llvm.xor %flip, %c127 : i64
    %expected = llvm.sitofp %mirrored : i64 to f32
    %same = llvm.fcmp "oeq" %got, %expected : f32
    %following = llvm.add %k, %one : i64
    llvm.cond_br %same, ^check(%following : i64), ^failed(%following : i64)
  ^good:
    llvm.return %zero32 : i32
  ^failed(%bad: i64):
    %number = llvm.trunc %bad : i64 to i32
    llvm.return %number : i32
  }
}
