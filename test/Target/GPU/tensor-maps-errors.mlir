// RUN: attn-opt %s --attn-lower-launches=emulate --split-input-file --verify-diagnostics

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @unranked(%any: memref<*xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    // expected-error @below {{expects a memref.cast of a buffer with a rank}}
    %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @space(%x: memref<?x64xbf16, 1>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16, 1> to memref<*xbf16, 1>
    // expected-error @below {{expects buffers in the default memory space, but got 'memref<?x64xbf16, 1>'}}
    %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xbf16, 1> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @dynamic_box(%x: memref<?x64xbf16>, %n: index) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
    // expected-error @below {{expects a box of constant sizes}}
    %map = nvgpu.tma.create.descriptor %any box[%n, %c64] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @big_box(%x: memref<?x64xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
    %c512 = arith.constant 512 : index
    // expected-error @below {{expects sizes of a box from 1 to 256, but got 512}}
    %map = nvgpu.tma.create.descriptor %any box[%c512, %c1] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @box_rank(%x: memref<?x64xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
    // expected-error @below {{expects a box of the tensor's rank, 1 to 5, but got 3 sizes for 'memref<?x64xbf16>'}}
    %map = nvgpu.tma.create.descriptor %any box[%c8, %c1, %c64] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @box_size(%x: memref<?x64xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
    // expected-error @below {{expects a box as big as 'memref<8x64xbf16, 3>', of its type, but got 64 elements of 'bf16'}}
    %map = nvgpu.tma.create.descriptor %any box[%c1, %c64] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @wide_box(%x: memref<?x512xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %c4 = arith.constant 4 : index
    %c128 = arith.constant 128 : index
    %any = memref.cast %x : memref<?x512xbf16> to memref<*xbf16>
    // expected-error @below {{expects rows of a box to be whole 16 bytes, no more than are swizzled, but got 256 bytes}}
    %map = nvgpu.tma.create.descriptor %any box[%c4, %c128] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xi4, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @element(%x: memref<?x64xi4>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xi4> to memref<*xi4>
    // expected-error @below {{expects elements of 8, 16, 32 or 64 bits, but got 'i4'}}
    %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xi4> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = nan, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @nan(%x: memref<?x64xbf16>) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
    // expected-error @below {{expects oob = zero to be emulated}}
    %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xbf16> -> !map
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k(%map: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} { llvm.return }
  }
  func.func @argument(%map: !map) {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    // expected-error @below {{expects tensor maps that nvgpu.tma.create.descriptor makes in the same function}}
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%map : !map)
    return
  }
}

// -----

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
func.func private @take(!map)
func.func @elsewhere(%x: memref<?x64xbf16>) {
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %any = memref.cast %x : memref<?x64xbf16> to memref<*xbf16>
  // expected-error @below {{expects tensor maps to be used by launches only}}
  %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xbf16> -> !map
  call @take(%map) : (!map) -> ()
  return
}
