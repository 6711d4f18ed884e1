// RUN: attn-opt %s --attn-lower-kernels --split-input-file --verify-diagnostics

func.func @in_f64(%x: memref<f64>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %v = memref.load %x[] : memref<f64>
    // expected-error @below {{'math.exp' op has no form for a GPU on 'f64'; compute it on the host}}
    %e = math.exp %v : f64
    memref.store %e, %x[] : memref<f64>
    gpu.terminator
  }
  return
}

// -----

func.func @remainder(%x: memref<f32>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %v = memref.load %x[] : memref<f32>
    // expected-error @below {{'arith.remf' op has no form for a GPU on 'f32'}}
    %e = arith.remf %v, %v : f32
    memref.store %e, %x[] : memref<f32>
    gpu.terminator
  }
  return
}

// -----

// What the host would do with a device's memory.
func.func @load(%x: memref<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.load' op has no form for a GPU: expects attention only; compile the rest for the host}}
  %v = memref.load %x[%c0] : memref<4xf32>
  return %v : f32
}

// -----

func.func @copy(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @below {{'memref.copy' op has no form for a GPU}}
  memref.copy %x, %y : memref<4xf32> to memref<4xf32>
  return
}

// -----

func.func @stack() -> memref<4xf32> {
  // expected-error @below {{'memref.alloca' op has no form for a GPU}}
  %x = memref.alloca() : memref<4xf32>
  return %x : memref<4xf32>
}

// -----

func.func private @other(memref<4xf32>)
func.func @call(%x: memref<4xf32>) {
  // expected-error @below {{'func.call' op has no form for a GPU}}
  call @other(%x) : (memref<4xf32>) -> ()
  return
}

// -----

func.func @in_a_loop(%x: memref<4xf32>, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    // expected-error @below {{'memref.store' op has no form for a GPU}}
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}

// -----

func.func @generic(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @below {{'linalg.exp' op has no form for a GPU}}
  linalg.exp ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}
