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

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @read_in_flight(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.wait.group.sync.aligned 1
    %v = llvm.extractvalue %r[0] : !acc
    // expected-error @below {{'llvm.store' op reads results of a wgmma that may be in flight; wait for its group before}}
    llvm.store %v, %out : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @read_uncommitted(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    nvvm.wgmma.wait.group.sync.aligned 0
    %v = llvm.extractvalue %r[0] : !acc
    // expected-error @below {{'llvm.inline_asm' op reads results of a wgmma that may be in flight; wait for its group before}}
    %w = llvm.inline_asm has_side_effects asm_dialect = att "", "=f,0" %v : (f32) -> f32
    llvm.return
  }
}

// -----

// On one way to the read nobody waits.
!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @read_in_flight_sometimes(%d: i64, %c: i1, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    %v = llvm.extractvalue %r[0] : !acc
    llvm.cond_br %c, ^wait, ^read(%v : f32)
  ^wait:
    nvvm.wgmma.wait.group.sync.aligned 0
    llvm.br ^read(%v : f32)
  ^read(%w : f32):
    // expected-error @below {{'llvm.inline_asm' op reads results of a wgmma that may be in flight; wait for its group before}}
    %x = llvm.inline_asm has_side_effects asm_dialect = att "", "=f,0" %w : (f32) -> f32
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @read_unsettled(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.wait.group.sync.aligned 0
    %v = llvm.extractvalue %r[0] : !acc
    // expected-error @below {{'llvm.store' op reads results of a wgmma that nothing keeps behind the wait; pass them through empty inline assembly there}}
    llvm.store %v, %out : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @multiply_in_flight(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    %v = llvm.extractvalue %r[0] : !acc
    %a = llvm.mlir.constant(0 : i32) : i32
    %z = llvm.mlir.constant(0.0 : f32) : f32
    // expected-error @below {{'llvm.inline_asm' op reads results of a wgmma that may be in flight; wait for its group before}}
    %t = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, 1, 1, 1, 1;", "=f,=f,=f,=f,r,r,r,r,l,0,1,2,3" %v, %a, %a, %a, %d, %z, %z, %z, %z : (f32, i32, i32, i32, i64, f32, f32, f32, f32) -> !acc
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @no_fence(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    // expected-error @below {{'nvvm.wgmma.mma_async' op expects a wgmma fence before it}}
    %r = nvvm.wgmma.mma_async %d, %d, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <zero>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @fence_too_early(%d: i64, %x: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    // expected-note @below {{computed here}}
    %y = llvm.fmul %x, %x : f32
    %s = llvm.insertvalue %y, %u[0] : !acc
    // expected-error @below {{'nvvm.wgmma.mma_async' op expects a wgmma fence between it and what it reads in registers}}
    %r = nvvm.wgmma.mma_async %d, %d, %s, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <one>], A [<bf16>, <one>, <row>], B [<bf16>, <one>, <col>] : !acc -> !acc
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @left_not_kept(%d: i64, %x: i32) attributes {gpu.kernel, nvvm.kernel} {
    %a = llvm.mlir.constant(0 : i32) : i32
    %z = llvm.mlir.constant(0.0 : f32) : f32
    nvvm.wgmma.fence.aligned
    // expected-error @below {{'llvm.inline_asm' op reads registers that nothing keeps until the wait; pass them to empty inline assembly behind it}}
    %t = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, 1, 1, 1, 1;", "=f,=f,=f,=f,r,r,r,r,l,0,1,2,3" %x, %a, %a, %a, %d, %z, %z, %z, %z : (i32, i32, i32, i32, i64, f32, f32, f32, f32) -> !acc
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @m {
  llvm.func @left_kept_too_early(%d: i64, %x: i32) attributes {gpu.kernel, nvvm.kernel} {
    %a = llvm.mlir.constant(0 : i32) : i32
    %z = llvm.mlir.constant(0.0 : f32) : f32
    nvvm.wgmma.fence.aligned
    // expected-note @below {{the wgmma}}
    %t = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, 1, 1, 1, 1;", "=f,=f,=f,=f,r,r,r,r,l,0,1,2,3" %x, %a, %a, %a, %d, %z, %z, %z, %z : (i32, i32, i32, i32, i64, f32, f32, f32, f32) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    // expected-error @below {{'llvm.inline_asm' op expects a wait for the wgmma whose registers it keeps}}
    llvm.inline_asm has_side_effects asm_dialect = att "", "r" %x : (i32) -> ()
    llvm.return
  }
}
