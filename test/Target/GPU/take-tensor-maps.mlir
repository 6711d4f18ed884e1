// RUN: attn-opt %s --pass-pipeline="builtin.module(gpu.module(attn-take-tensor-maps))" --split-input-file --verify-diagnostics | FileCheck %s

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xf16, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>

// A buffer of rank 2 is seven values before the map, and a number one between
// this one and the next.
gpu.module @m {
  // CHECK:      gpu.func @two(%{{.+}}: memref<4x?xf32>, %[[A:.+]]: !llvm.ptr, %{{.+}}: index, %[[B:.+]]: !llvm.ptr) kernel
  // CHECK-SAME:   attn.tensor_maps = array<i64: 7, 9>
  // CHECK:        nvvm.prefetch tensormap, %[[A]]
  // CHECK:        nvvm.prefetch tensormap, %[[B]]
  gpu.func @two(%x: memref<4x?xf32>, %a: !map, %n: index, %b: !map) kernel {
    %p = builtin.unrealized_conversion_cast %a : !map to !llvm.ptr
    %q = builtin.unrealized_conversion_cast %b : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    nvvm.prefetch tensormap, %q : !llvm.ptr
    gpu.return
  }
  // CHECK:     gpu.func @none(%{{.+}}: memref<4x?xf32>) kernel
  // CHECK-NOT:   attn.tensor_maps
  gpu.func @none(%x: memref<4x?xf32>) kernel {
    gpu.return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xf16, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>
gpu.module @m {
  gpu.func @other(%a: !map) kernel {
    // expected-error @below {{expects tensor maps to be used as pointers, through builtin.unrealized_conversion_cast}}
    nvgpu.tma.prefetch.descriptor %a : !map
    gpu.return
  }
}
