// RUN: attn-opt %s --attn-lower-launches --split-input-file --verify-diagnostics

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k() kernel { gpu.return }
  }
  func.func @token() {
    %c1 = arith.constant 1 : index
    %t = gpu.wait async
    // expected-error @below {{expects a launch without tokens: kernels run in order, on the caller's stream}}
    %u = gpu.launch_func async [%t] @m::@k blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k() kernel { gpu.return }
  }
  func.func @cluster() {
    %c1 = arith.constant 1 : index
    // expected-error @below {{expects cluster sizes that are known when the kernel is compiled; use nvvm.cluster_dim}}
    gpu.launch_func @m::@k clusters in (%c1, %c1, %c1) blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%x: memref<4xf32, 1>) kernel { gpu.return }
  }
  func.func @space(%x: memref<4xf32, 1>) {
    %c1 = arith.constant 1 : index
    // expected-error @below {{expects buffers in the default memory space, but got 'memref<4xf32, 1>'}}
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%x : memref<4xf32, 1>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%x: vector<4xf32>) kernel { gpu.return }
  }
  func.func @vector(%x: vector<4xf32>) {
    %c1 = arith.constant 1 : index
    // expected-error @below {{expects arguments of kernels to be buffers, numbers or pointers, but got 'vector<4xf32>'}}
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1)
      threads in (%c1, %c1, %c1) args(%x : vector<4xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k() kernel { gpu.return }
  }
  // expected-error @below {{has a name that is kept for launching kernels}}
  func.func private @m_k()
  func.func @taken() {
    %c1 = arith.constant 1 : index
    gpu.launch_func @m::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    return
  }
}

// -----

func.func @unknown() -> i1 {
  // expected-error @below {{expects a GPU that is known, but got sm_70}}
  %0 = attn.runs_on "sm_70"
  return %0 : i1
}
