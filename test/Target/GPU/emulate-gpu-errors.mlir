// RUN: attn-opt %s --attn-emulate-gpu --split-input-file --verify-diagnostics

gpu.module @m {
  llvm.func @not_lowered(%x: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'gpu.thread_id' op is not of the LLVM or NVVM dialect, which is all that can be emulated}}
    %t = gpu.thread_id x
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @unknown_op() attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'nvvm.breakpoint' op is not emulated}}
    nvvm.breakpoint
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @unknown_register() attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'nvvm.read.ptx.sreg.gridid' op is a special register that is not emulated}}
    %t = nvvm.read.ptx.sreg.gridid : i32
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @unknown_intrinsic(%x: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'llvm.call_intrinsic' op calls 'llvm.nvvm.brev32', which is not emulated}}
    %t = llvm.call_intrinsic "llvm.nvvm.brev32"(%x) : (i32) -> i32
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @unknown_assembly(%x: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'llvm.inline_asm' op expects inline assembly that can be emulated, but got "bfind.u32 $0, $1;"}}
    %t = llvm.inline_asm "bfind.u32 $0, $1;", "=r,r" %x : (i32) -> i32
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @__nv_expf(f32) -> f32
  llvm.func @library(%x: f32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'llvm.call' op calls '__nv_expf', which nobody defines}}
    %t = llvm.call @__nv_expf(%x) : (f32) -> f32
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @shape(%a: f64) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'nvvm.mma.sync' op expects m16n8 with A by rows and B by columns of f16, bf16, tf32, e4m3, e5m2, s8 or u8, and C like the result, to be emulated}}
    %d = nvvm.mma.sync A[%a] B[%a] C[%a, %a]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
       shape = #nvvm.shape<m = 8, n = 8, k = 4>}
      : (f64, f64, f64) -> !llvm.struct<(f64, f64)>
    llvm.return
  }
}

// -----

// expected-note @below {{defined here}}
llvm.func @m_twice(%p: !llvm.ptr) {
  llvm.return
}
gpu.module @m {
  // expected-error @below {{'llvm.func' op becomes 'm_twice', which the host has already}}
  llvm.func @twice() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @launch() {
    %c1 = arith.constant 1 : index
    // expected-error @below {{'gpu.launch_func' op expects launches to have become calls before kernels are emulated}}
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    return
  }
}

// -----

gpu.module @m {
  // expected-error @below {{'llvm.mlir.global' op expects a shared variable without a value}}
  llvm.mlir.global internal @a(0 : i32) {addr_space = 3 : i32} : i32
}

// -----

gpu.module @m {
  llvm.func @stack(%n: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'llvm.alloca' op expects a constant size on the stack of a kernel}}
    %p = llvm.alloca %n x f32 : (i32) -> !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @multicast(%s: !llvm.ptr<7>, %bar: !llvm.ptr<3>, %map: !llvm.ptr, %x: i32, %mask: i16) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'nvvm.cp.async.bulk.tensor.shared.cluster.global' op expects tile mode without multicast to be emulated}}
    nvvm.cp.async.bulk.tensor.shared.cluster.global %s, %map, %bar, box[%x, %x] multicast_mask = %mask : !llvm.ptr<7>, !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @m {
  llvm.func @cluster() attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @below {{'nvvm.cluster.arrive' op is not emulated}}
    nvvm.cluster.arrive
    llvm.return
  }
}
