// RUN: attn-opt %s --attn-emit-c-entry-points --split-input-file \
// RUN:   --verify-diagnostics

func.func @check(%n: index) {
  %c0 = arith.constant 0 : index
  %ok = arith.cmpi sgt, %n, %c0 : index
  // expected-error @below {{cannot become a status: it comes after the first write}}
  cf.assert %ok, "expects more"
  return
}

// -----

func.func private @attn_rt_count_work(f64, f64)
func.func @runtime(%n: f64) {
  // expected-error @below {{calls @attn_rt_count_work, which an object does not have}}
  call @attn_rt_count_work(%n, %n) : (f64, f64) -> ()
  return
}

// -----

llvm.func @attn_rt_parallel_for(i64, !llvm.ptr, !llvm.ptr)
func.func private @f_body(%ctx: !llvm.ptr, %index: i64, %thread: i64) {
  // expected-error @below {{calls @attn_rt_parallel_for, which an object does not have in the body of a parallel loop}}
  llvm.call @attn_rt_parallel_for(%index, %ctx, %ctx) : (i64, !llvm.ptr, !llvm.ptr) -> ()
  return
}

// -----

// expected-error @below {{is memory that calls would share; C functions keep no state}}
memref.global "private" @state : memref<4xf32> = uninitialized

// -----

// expected-error @below {{has no C function: argument 1 has elements of type 'i4', which the C interface does not have}}
func.func @nibbles(%x: f32, %y: memref<4xi4>) {
  return
}

// -----

// expected-error @below {{has no C function: result 0 has elements of type 'f80', which the C interface does not have}}
func.func @wide(%x: f64) -> f80 {
  %0 = arith.extf %x : f64 to f80
  return %0 : f80
}

// -----

// expected-error @below {{has no C function: argument 0 has rank 9, and the C interface ends at 8}}
func.func @rank(%x: memref<1x1x1x1x1x1x1x1x1xf32>) {
  return
}

// -----

// expected-error @below {{has no C function: argument 0 is 'tensor<4xf32>'; run attn-bind-destinations first}}
func.func @unbound(%x: tensor<4xf32>) {
  return
}

// -----

func.func @f(%x: f32) {
  return
}
// expected-error @below {{has the name of a C function of 'f'; rename one of them}}
func.func @f_result_shapes(%x: f32) {
  return
}

// -----

// expected-error @below {{has a name that is kept for the functions of every object}}
func.func private @attn_status_string(i32)

// -----

// expected-error @below {{cannot update attn.inout argument #1 in place: its new value would have to be copied}}
func.func @copied(%x: memref<4xf32>, %c: memref<4xf32> {attn.inout}) {
  // expected-note @below {{new value computed here}}
  %0 = memref.alloc() : memref<4xf32>
  memref.copy %0, %c : memref<4xf32> to memref<4xf32>
  return
}
