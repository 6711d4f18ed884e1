// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-plan-workspace

func.func @data(%m: memref<?xindex>, %f: f32) {
  %c0 = arith.constant 0 : index
  // expected-note @below {{the size}}
  %n = memref.load %m[%c0] : memref<?xindex>
  // expected-error @below {{'memref.alloc' op allocates memory whose size neither follows from the sizes of the function's arguments nor has a bound that does; take a minimum with such a size, or pass the buffer as an argument}}
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<?xf32>)
  return
}

// -----

// Two iterations on.
func.func @carried(%n: index, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = memref.alloc() : memref<4xf32>
  // expected-note @below {{the loop}}
  %last:2 = scf.for %i = %c0 to %n step %c1
      iter_args(%x = %first, %y = %first) -> (memref<4xf32>, memref<4xf32>) {
    // expected-error @below {{'memref.alloc' op allocates memory that outlives the iteration of a loop by more than the next; compute in place, or copy into a buffer from outside of the loop}}
    %next = memref.alloc() : memref<4xf32>
    linalg.copy ins(%y : memref<4xf32>) outs(%next : memref<4xf32>)
    scf.yield %next, %x : memref<4xf32>, memref<4xf32>
  }
  linalg.fill ins(%f : f32) outs(%last#0 : memref<4xf32>)
  return
}

// -----

// Out of two loops.
func.func @carried_twice(%n: index, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = memref.alloc() : memref<4xf32>
  // expected-note @below {{the loop}}
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %first)
      -> memref<4xf32> {
    %inner = scf.for %j = %c0 to %n step %c1 iter_args(%y = %x)
        -> memref<4xf32> {
      // expected-error @below {{'memref.alloc' op allocates memory that outlives the iteration of a loop by more than the next; compute in place, or copy into a buffer from outside of the loop}}
      %next = memref.alloc() : memref<4xf32>
      linalg.copy ins(%y : memref<4xf32>) outs(%next : memref<4xf32>)
      scf.yield %next : memref<4xf32>
    }
    scf.yield %inner : memref<4xf32>
  }
  linalg.fill ins(%f : f32) outs(%last : memref<4xf32>)
  return
}

// -----

func.func @carried_by_while(%f: f32, %go: i1) {
  %first = memref.alloc() : memref<4xf32>
  // expected-note @below {{the loop}}
  %last = scf.while (%x = %first) : (memref<4xf32>) -> memref<4xf32> {
    scf.condition(%go) %x : memref<4xf32>
  } do {
  ^bb0(%x: memref<4xf32>):
    // expected-error @below {{'memref.alloc' op allocates memory that outlives the iteration of a loop by more than the next; compute in place, or copy into a buffer from outside of the loop}}
    %next = memref.alloc() : memref<4xf32>
    linalg.copy ins(%x : memref<4xf32>) outs(%next : memref<4xf32>)
    scf.yield %next : memref<4xf32>
  }
  linalg.fill ins(%f : f32) outs(%last : memref<4xf32>)
  return
}

// -----

func.func @returned() -> memref<4xf32> {
  // expected-error @below {{'memref.alloc' op allocates memory that the function returns; results must be the caller's memory}}
  %0 = memref.alloc() : memref<4xf32>
  return %0 : memref<4xf32>
}

// -----

func.func private @helper() {
  // expected-error @below {{'memref.alloc' op allocates in a private function, which has no workspace; inline the function}}
  %0 = memref.alloc() : memref<4xf32>
  return
}

// -----

// expected-error @below {{'func.func' op expects that nobody calls it: it gets a workspace from outside; inline the calls}}
func.func @called() {
  return
}
func.func @caller() {
  // expected-note @below {{used here}}
  call @called() : () -> ()
  return
}

// -----

func.func @branches(%n: index, %f: f32, %go: i1) {
  cf.br ^loop
^loop:
  // expected-error @below {{'memref.alloc' op expects an allocation in structured control flow, but got one between branches; use scf ops}}
  %a = memref.alloc() : memref<4xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<4xf32>)
  cf.cond_br %go, ^loop, ^end
^end:
  return
}

// -----

func.func @laid_out() {
  // expected-error @below {{'memref.alloc' op expects a buffer without a layout, but got 'memref<4xf32, strided<[2]>>'}}
  %a = memref.alloc() : memref<4xf32, strided<[2]>>
  // expected-error @below {{'memref.alloc' op expects a buffer in the default memory space, but got 'memref<4xf32, 3>'}}
  %b = memref.alloc() : memref<4xf32, 3>
  // expected-error @below {{'memref.alloc' op expects an alignment of at most 64, which is that of the workspace, but got 128}}
  %c = memref.alloc() {alignment = 128} : memref<4xf32>
  // expected-error @below {{'memref.alloc' op expects elements of numbers or vectors, but got 'memref<4xmemref<4xf32>>'}}
  %d = memref.alloc() : memref<4xmemref<4xf32>>
  // expected-error @below {{'memref.alloc' op expects a buffer of at most 2^60 bytes, but got 'memref<2305843009213693952xf32>'}}
  %e = memref.alloc() : memref<2305843009213693952xf32>
  return
}

// -----

func.func @grown(%m: memref<?xf32>, %n: index) {
  // expected-error @below {{'memref.realloc' op expects buffers whose size is known when the function begins; allocate the largest}}
  %0 = memref.realloc %m(%n) : memref<?xf32> to memref<?xf32>
  return
}

// -----

func.func @taken() {
  return
}
// expected-error @below {{'func.func' op has the name of the function that says how much workspace taken needs; rename it}}
func.func private @taken_workspace_bytes()

// -----

// expected-error @below {{'func.func' op expects () -> i64 and no body: it is the name of the function that tells how many threads there are}}
func.func private @attn_rt_num_threads() -> i32
