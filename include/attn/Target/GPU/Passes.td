//===- include/attn/Target/GPU/Passes.td - GPU passes -----*- tablegen -*-===//
//
// Part of attn-mlir.
//
// Passes from gpu.launch to code for GPUs, and for the CPU that stands in.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_GPU_PASSES
#define ATTN_TARGET_GPU_PASSES

include "mlir/Pass/PassBase.td"

def AttnDropElementChecksPass
    : Pass<"attn-drop-element-checks", "::mlir::func::FuncOp"> {
  let summary = "Drop run-time checks that read elements of tensors";
  let description = [{
    Exact for calls that such a check would let through. A `cf.assert` whose
    condition depends on an element of a tensor goes: where tensors are in the
    memory of a device, the host cannot read them. Kernels bring lengths and
    positions into range instead. Checks of sizes and of scalar arguments stay.

    ```mlir
    func.func @before(%x: tensor<?xi64>, %n: index) {
      %c0 = arith.constant 0 : index
      %e = tensor.extract %x[%c0] : tensor<?xi64>
      %zero = arith.constant 0 : i64
      %positive = arith.cmpi sge, %e, %zero : i64
      cf.assert %positive, "expects a length of at least 0"
      return
    }
    ```
    has no `cf.assert` afterwards.
  }];
}

def AttnVerifyGpuHostPass
    : Pass<"attn-verify-gpu-host", "::mlir::func::FuncOp"> {
  let summary = "Refuse host code that works on a device's memory";
  let description = [{
    Exact. Changes nothing. Around launches, functions may compute sizes and
    take views; an op that reads or writes memory, or makes some that is not the
    device's (`memref.alloca`, `memref.get_global`), is an error at its place.
    Runs on bufferized functions, after attn ops have become launches.

    ```mlir
    func.func @sizes(%x: memref<?x64xf16>) -> index {
      %c0 = arith.constant 0 : index
      %n = memref.dim %x, %c0 : memref<?x64xf16>
      return %n : index
    }
    ```
    is left alone; with a `memref.load` it would not be.
  }];
}

def AttnLowerGpuMathPass
    : Pass<"attn-lower-gpu-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Write mathematics with what GPUs have instructions for";
  let description = [{
    Exact up to rounding: within a few units in the last place of f32. `exp`,
    `exp2` and logarithms of f32 go through the approximations `ex2` and `lg2`
    of the GPU; roots, absolute values, rounding and bit counts become
    intrinsics; the other functions of f32 polynomials. f16 and bf16 are computed
    in f32. No call of a library is left; a function without a form, as those of
    f64, is an error with its place.

    ```mlir
    gpu.module @kernels {
      gpu.func @exp(%x: f32, %out: memref<f32>) kernel {
        %e = math.exp2 %x : f32
        memref.store %e, %out[] : memref<f32>
        gpu.return
      }
    }
    ```
    calls `llvm.nvvm.ex2.approx.f`.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"
  ];
}

def AttnPlaceKernelsPass : Pass<"attn-place-kernels", "::mlir::ModuleOp"> {
  let summary = "Make a module for kernels that some GPUs run";
  let description = [{
    Exact. Launches of which `attn.archs` says for which GPUs they are get a
    `gpu.module` with that attribute, one for equal lists; outlining puts their
    kernels there, and they are compiled for these GPUs only. Other launches are
    left alone.

    ```mlir
    func.func @run(%x: memref<4xf32>) {
      %c1 = arith.constant 1 : index
      gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
                 threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
        gpu.terminator
      } {attn.archs = ["sm_90a"]}
      return
    }
    ```
    names `module(@kernels_sm_90a)`.
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
}

def AttnTakeTensorMapsPass
    : Pass<"attn-take-tensor-maps", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Make pointers of the tensor maps that kernels take";
  let description = [{
    Exact. An argument of type `!nvgpu.tensormap.descriptor`, which the body uses
    as a pointer through `builtin.unrealized_conversion_cast`, becomes that
    pointer; `attn.tensor_maps` says where it will be among the arguments in
    LLVM's form, and `attn-finish-kernels` passes what it points to by value.
    Another use of such an argument is an error.

    ```mlir
    !map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xf16, 3>,
      swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
    gpu.module @m {
      gpu.func @k(%x: memref<4xf32>, %map: !map) kernel {
        %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
        nvvm.prefetch tensormap, %p : !llvm.ptr
        gpu.return
      }
    }
    ```
    takes a pointer, noted as argument 5.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AttnFinishKernelsPass
    : Pass<"attn-finish-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Check lowered kernels and align their shared memory";
  let description = [{
    Exact. Dynamic shared memory, which upstream aligns to 16 bytes, begins at a
    multiple of 1024: what tensor copies and matrix instructions with swizzled
    rows ask for. Tensor maps are passed by value. Where warps hand registers to
    each other, the size of blocks is exact: ptxas asks for that. Anything left
    that is not of the LLVM or NVVM dialect, and any call of a library for GPUs
    (`__nv_...`), is an error with its place. Runs after `convert-gpu-to-nvvm`.

    ```mlir
    gpu.module @kernels {
      llvm.mlir.global internal @__dynamic_shmem__0() {addr_space = 3 : i32,
          alignment = 16 : i64} : !llvm.array<0 x i8>
    }
    ```
    becomes external, with an alignment of 1024.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AttnLowerLaunchesPass
    : Pass<"attn-lower-launches", "::mlir::ModuleOp"> {
  let summary = "Turn launches of kernels into calls of the runtime";
  let description = [{
    Exact. A `gpu.launch_func` in a function on memrefs becomes a call of
    `attn_rt_gpu_launch`, or of `attn_rt_emulate_launch` with `emulate`, with the
    address of what stands for the kernel on the host (`MODULE_KERNEL`: declared
    here), the grid, the block, the bytes of dynamic shared memory, the addresses
    of the kernel's arguments in LLVM's form, memrefs taken apart, and, of the
    first, where it keeps whether this call of the function has launched before.
    Launches with a token or with run-time cluster sizes are errors. A tensor map
    that `nvgpu.tma.create.descriptor` makes of a `memref.cast` of a buffer with a
    rank is 128 bytes of the stack, which a call of `attn_rt_gpu_tensor_map`, or of
    `attn_rt_emulate_tensor_map`, fills in where the descriptor was made; a kernel
    that takes it gets its address among those of its arguments. `attn.runs_on`
    asks the runtime which code of `attn_gpu_module`, of all kernels, a launch
    would run; with `emulate` it is what the module's `attn.target` says. Runs before
    the functions are lowered to LLVM; the `gpu.module`s stay.

    ```mlir
    module attributes {gpu.container_module} {
      gpu.module @m {
        gpu.func @k(%x: memref<?xf32>) kernel { gpu.return }
      }
      func.func @run(%x: memref<?xf32>, %n: index) {
        %c1 = arith.constant 1 : index
        gpu.launch_func @m::@k blocks in (%n, %c1, %c1)
          threads in (%c1, %c1, %c1) args(%x : memref<?xf32>)
        return
      }
    }
    ```
    passes the addresses of five values: two pointers, an offset, a size and a
    stride.
  }];
  let options = [
    Option<"emulate", "emulate", "bool", /*default=*/"false",
           "Call functions of the host that do what the kernels would">];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def AttnEmulateGPUPass : Pass<"attn-emulate-gpu", "::mlir::ModuleOp"> {
  let summary = "Turn GPU kernels into functions of the host";
  let description = [{
    Exact up to what a GPU approximates. Every `gpu.module` of the LLVM and NVVM
    dialects goes; a kernel `K` of module `M` becomes a function `M_K(params)` of
    the host, `params` pointing to the addresses of its arguments, for
    `attn_emulate_launch` of `attn/Runtime/GpuEmulator.h`. Each device operation
    becomes a call of that library, and address spaces go: shared memory is that
    of the block which runs, its addresses as numbers are offsets in it. Accesses
    are checked: in shared memory for bounds, everywhere for the alignment they
    claim. Fresh stack memory holds NaN.

    Runs last, after launches have become calls. An operation that is not known
    is an error with its place.

    ```mlir
    gpu.module @m {
      llvm.func @k(%x: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
        %tid = nvvm.read.ptx.sreg.tid.x : i32
        %p = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
        llvm.store %tid, %p : i32, !llvm.ptr<1>
        llvm.return
      }
    }
    ```
    becomes `llvm.func @m_k(%params: !llvm.ptr)`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // ATTN_TARGET_GPU_PASSES
