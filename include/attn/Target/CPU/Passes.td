//===- include/attn/Target/CPU/Passes.td - CPU passes ------*- tablegen -*-===//
//
// Part of attn-mlir.
//
// Passes between bufferized loops and the LLVM dialect for the host.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_PASSES
#define ATTN_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def AttnOutlineParallelLoopsPass
    : Pass<"attn-outline-parallel-loops", "::mlir::ModuleOp"> {
  let summary = "Outline parallel loops into functions for a thread pool";
  let description = [{
    Exact. Each outermost `scf.parallel` without reductions and each outermost
    bufferized `scf.forall` becomes a private function
    `NAME_body(ctx: !llvm.ptr, index: i64, thread: i64)` that runs one
    iteration, and a call `attn_rt_parallel_for(n, body, ctx)`. The iterations
    of all dimensions are numbered by one linear index, the last dimension
    fastest. Captured values travel in a struct on the caller's stack; constants
    are cloned instead. Parallel loops nested in an outlined one become
    `scf.for`. Loops with reductions and loops over tensors are left alone.
    A call of `@attn_rt_thread() -> i64` is the argument `thread` in a body, and
    0 elsewhere.

    ```mlir
    func.func @zero(%m: memref<?xf32>, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %f0 = arith.constant 0.0 : f32
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {
        memref.store %f0, %m[%i] : memref<?xf32>
      }
      return
    }
    ```
    becomes a function `@zero_body` with the store, and in `@zero` the number of
    iterations, the struct and the call.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect"
  ];
}

def AttnLowerAssertsPass : Pass<"attn-lower-asserts", "::mlir::ModuleOp"> {
  let summary = "Turn run-time checks into calls that say what failed";
  let description = [{
    Exact. Upstream lowers `cf.assert` to an abort. Here a condition that does
    not hold calls `attn_rt_assert_failed(message, found, v0, v1, v2, v3)`, which
    does not return: `message` is the location, if it is in a file, and the text
    of the assert; `found` says what holds instead where the condition compares
    integers, with the numbers in `v0` to `v3`. Runs after
    attn-outline-parallel-loops, in which checks may stand.

    ```mlir
    func.func @same(%a: index, %b: index) {
      %same = arith.cmpi eq, %a, %b : index
      cf.assert %same, "expects the same"
      return
    }
    ```
    gives the texts "FILE:LINE:COL: expects the same" and "{0} != {1}", and a
    call with the two numbers in an `scf.if`.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect"
  ];
}

def AttnEmitCEntryPointsPass
    : Pass<"attn-emit-c-entry-points", "::mlir::ModuleOp"> {
  let summary = "Make functions on memrefs callable from C";
  let description = [{
    Exact. For each public function NAME, as attn-bind-destinations leaves it,
    writes the C functions of `attn/Runtime/Abi.h`: NAME, `NAME_result_shapes`,
    `NAME_workspace_bytes` and `NAME_explain`. They refuse, before anything is
    written and with a status, arguments and results that do not have the types
    of the function, what the checks of attn-extract-checks refuse, and results
    whose sizes do not follow from the arguments. A private function
    `NAME_workspace_bytes(arguments, destinations) -> index` says that NAME
    takes a last argument `memref<?xi8>`, aligned to 64 bytes, of that size.

    Parallel loops (calls of `attn_rt_parallel_for`) run as the caller's
    attn_exec says, and `attn_rt_num_threads` is the number of threads it names.
    The functions `attn_status_string` and `attn_abi_version` may be in several
    objects of a program. All else is internal to the object.

    **Errors**: a check that attn-extract-checks did not take, memory that calls
    would share, other functions of the runtime, and element types and ranks
    that the C interface does not have.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::func::FuncDialect"
  ];
}

def AttnPlanWorkspacePass
    : Pass<"attn-plan-workspace", "::mlir::ModuleOp"> {
  let summary = "Give functions the memory they work in as an argument";
  let description = [{
    Exact. Every public function with a body gets a last argument
    `%workspace: memref<?xi8>`, 64-byte aligned, in which its buffers lie
    (`memref.alloc` and `memref.alloca`), and a private function
    `@NAME_workspace_bytes(arguments...) -> index` beside it says how many bytes
    it must have for these arguments; the greatest index if no machine has as
    many. Only the arguments' sizes and numbers are looked at. Deallocations
    disappear.

    Where a buffer lies is computed when the function begins. A size that
    depends on loops or on what memory holds is replaced by what it cannot
    exceed, where that follows from minima, loop bounds and the like. Buffers in
    tasks (the bodies of outermost parallel loops) lie in a part of their own
    for each of `@attn_rt_num_threads() -> i64` threads, in which
    `@attn_rt_thread() -> i64` says which is used (see
    attn-outline-parallel-loops).

    Strategy: buffers are visited in the order of the program; each takes a slot
    whose buffers are all dead, one of the same size before one of static size
    that is the nearest, or opens a new slot. A buffer lives from its allocation
    to the last use of it or of a view of it, and through loops around such a
    use that do not contain the allocation. A slot is as large as its greatest
    buffer. Tasks are planned alike, each a world of its own, and their part is
    one buffer of the function. What an iteration of an `scf.for` hands to the
    next, and no further, gets two places that the iterations use in turn.

    Small static `memref.alloca` stay on the stack, the smallest first, until
    `max-stack-bytes` of a function or task are taken.

    Reported as errors, at the op: sizes without such a bound; buffers that
    outlive an iteration in any other way; returned buffers;
    allocations in private functions, in functions that are called, or in loops
    of blocks and branches; layouts, memory spaces and alignments above 64.

    ```mlir
    func.func @twice(%a: memref<?xf32>, %out: memref<?xf32>) {
      %c0 = arith.constant 0 : index
      %n = memref.dim %a, %c0 : memref<?xf32>
      %copy = memref.alloc(%n) : memref<?xf32>
      memref.copy %a, %copy : memref<?xf32> to memref<?xf32>
      memref.copy %copy, %out : memref<?xf32> to memref<?xf32>
      return
    }
    ```
    becomes
    ```mlir
    func.func @twice(%a: memref<?xf32>, %out: memref<?xf32>,
                     %workspace: memref<?xi8>) {
      %c0 = arith.constant 0 : index
      %n = memref.dim %a, %c0 : memref<?xf32>
      %copy = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf32>
      memref.copy %a, %copy : memref<?xf32> to memref<?xf32>
      memref.copy %copy, %out : memref<?xf32> to memref<?xf32>
      return
    }
    ```
    and `@twice_workspace_bytes`, which returns 4n rounded up to 64.
  }];
  let options = [Option<"maxStackBytes", "max-stack-bytes", "int64_t",
                        /*default=*/"4096",
                        "What static memref.alloca may take of the stack">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def AttnPrepareLowerToLLVMPass
    : Pass<"attn-prepare-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Rewrite what the upstream LLVM lowerings do not cover";
  let description = [{
    Exact. Copies between memrefs of which one is not contiguous become loops
    (upstream calls a runtime library); a memref.expand_shape to several dynamic
    sizes of one becomes a memref.reinterpret_cast (upstream has no sizes for it
    and crashes); extensions from f8E4M3FN and f8E5M2 and
    truncations to them become integer arithmetic, also on vectors (upstream has
    no lowering); truncations round to nearest even, and what is too large
    becomes NaN in f8E4M3FN and infinity in f8E5M2, as APFloat converts.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def AttnSetTargetPass : Pass<"attn-set-target", "::mlir::ModuleOp"> {
  let summary = "Describe a processor in the module attribute attn.target";
  let description = [{
    Exact. Sets `attn.target` to what LLVM knows of a processor: the width and
    number of its vector registers, whether it multiplies bf16 pairs, and the
    sizes of its caches. Without options the processor is the one the compiler
    runs on. A target the module has is replaced.

    ```mlir
    module attributes {attn.target = #attn.target<cpu, vector_bits = 128,
        num_vector_registers = 32>} {}
    ```
    is what `triple=aarch64 cpu=generic` gives.
  }];
  let options = [
    Option<"triple", "triple", "std::string", /*default=*/"\"\"",
           "Target triple; the default of this LLVM when empty">,
    Option<"cpu", "cpu", "std::string", /*default=*/"\"\"",
           "Processor by LLVM's name; the oldest of the triple when empty">,
    Option<"features", "features", "std::string", /*default=*/"\"\"",
           "Changes to the processor's features, as +name or -name">];
  let dependentDialects = ["::mlir::attn::AttnDialect"];
}

def AttnBoundStackPass
    : Pass<"attn-bound-stack", "::mlir::func::FuncOp"> {
  let summary = "Keep stack buffers from growing with a loop's iterations";
  let description = [{
    Exact. A `memref.alloca` in an `scf.for`, `scf.forall` or `scf.parallel`
    lives for one iteration, but the lowering to LLVM gives its memory back only
    when the function returns. Such buffers of static shape move to the top of
    the function; loops of which none contains the other share buffers of one
    type. For those of dynamic shape, and for the descriptors that casts to
    unranked memrefs put on the stack, the loop's body saves and restores the
    stack pointer. Runs on sequential code, after loops have been outlined and
    vector transfers made their temporaries.

    ```mlir
    func.func @sums(%n: index, %f: f32) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {
        %sums = memref.alloca() : memref<64xf32>
        memref.store %f, %sums[%c0] : memref<64xf32>
      }
      return
    }
    ```
    allocates `%sums` once, before the loop.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AttnVectorizeContractionsPass
    : Pass<"attn-vectorize-contractions", "::mlir::func::FuncOp"> {
  let summary = "Tile and vectorise the matrix products around attention";
  let description = [{
    Exact up to the order of sums. f32 contractions over one dimension on
    tensors (`linalg.matmul`, `linalg.batch_matmul` and generics like them)
    become parallel tasks of register tiles whose accumulators stay in vectors,
    with upstream tiling, peeling, vectorisation and hoisting. Contractions of
    another form, and tiles cut by an edge, stay as they are.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def AttnPrepareDistMergePass
    : Pass<"attn-prepare-dist-merge", "::mlir::func::FuncOp"> {
  let summary = "Give merges over ranks memory without gaps";
  let description = [{
    Exact. A destination of `attn.dist_merge` whose strides may leave gaps is
    copied to a buffer, merged there and copied back. A merge in a parallel loop
    is an error: threads would reach it in different orders on different ranks.

    ```mlir
    func.func @before(%comm: !attn.comm,
        %o: memref<1x8x1x64xf32, strided<[?, ?, ?, 1]>>,
        %l: memref<1x8x1xf32>) {
      attn.dist_merge comm(%comm) outs(%o, %l)
        : (!attn.comm, memref<1x8x1x64xf32, strided<[?, ?, ?, 1]>>,
           memref<1x8x1xf32>) -> ()
      return
    }
    ```
    merges `memref.alloc() : memref<1x8x1x64xf32>` between two copies.
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"
  ];
}

def AttnLowerCommPass : Pass<"attn-lower-comm", "::mlir::ModuleOp"> {
  let summary = "Turn merges over ranks into calls of the runtime";
  let description = [{
    Exact. `attn.dist_merge` on memrefs without gaps becomes a call of the
    private function `@attn_rt_dist_merge(comm, o, lse, rows, width, dtype,
    algo, root, payload)`, with the numbers of `attn/Runtime/Comm.h`,
    `attn.comm_rank` and `attn.comm_size` load fields of its `attn_comm`, and
    `!attn.comm` becomes `!llvm.ptr`, everywhere. Runs before
    attn-outline-parallel-loops.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"
  ];
}

def AttnCountLoadsPass : Pass<"attn-count-loads", "::mlir::ModuleOp"> {
  let summary = "Count the bytes a program loads of its arguments";
  let description = [{
    Exact. Calls `attn_rt_count_loads(argument, bytes)`, so that in the end the
    sum for each argument number of a public function is what its loads asked
    for of that argument's memory: `memref.load`, `memref.copy`, and the loads,
    transfers and gathers of `vector`, through views. Lanes that a mask leaves
    out, and those of a transfer beyond the end, do not count; prefetches count
    nothing. Loops whose iterations load alike are counted before they run. The
    program's results do not change.

    Runs on bufferized functions without linalg (`convert-linalg-to-loops`),
    before parallel loops are outlined. Loads in private functions do not count:
    inline those that are called. An op that reads an argument in another way is
    an error.

    ```mlir
    func.func @sum(%x: memref<?xf32>, %n: index) -> vector<8xf32> {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %zero = arith.constant dense<0.0> : vector<8xf32>
      %sum = scf.for %i = %c0 to %n step %c8 iter_args(%a = %zero)
          -> (vector<8xf32>) {
        %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
        %next = arith.addf %a, %v : vector<8xf32>
        scf.yield %next : vector<8xf32>
      }
      return %sum : vector<8xf32>
    }
    ```
    counts 32 times the iterations for argument 0.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect"
  ];
}

#endif // ATTN_TARGET_CPU_PASSES
