// Functions whose buffers lie in the workspace in one way each.

func.func @static(%q: tensor<2x4x70x64xf32>, %k: tensor<2x2x130x64xf32>)
    -> tensor<2x4x70x64xf32> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<2x4x70x64xf32>, tensor<2x2x130x64xf32>, tensor<2x2x130x64xf32>)
    -> tensor<2x4x70x64xf32>
  return %0 : tensor<2x4x70x64xf32>
}

func.func @dynamic(%q: tensor<?x6x?x40xf16>, %k: tensor<?x2x?x40xf16>,
    %v: tensor<?x2x?x24xf16>) -> (tensor<?x6x?x24xf16>, tensor<?x6x?xf32>) {
  %0:2 = attn.sdpa %q, %k, %v window(50, 3)
    : (tensor<?x6x?x40xf16>, tensor<?x2x?x40xf16>, tensor<?x2x?x24xf16>)
    -> (tensor<?x6x?x24xf16>, tensor<?x6x?xf32>)
  return %0#0, %0#1 : tensor<?x6x?x24xf16>, tensor<?x6x?xf32>
}

// One row a head: the keys are split by the number of threads.
func.func @decode(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>)
    -> tensor<1x8x1x64xf32> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    -> tensor<1x8x1x64xf32>
  return %0 : tensor<1x8x1x64xf32>
}

// A buffer between two ops; each iteration needs the last one's result.
func.func @looped(%q: tensor<1x2x40x64xf32>, %k: tensor<1x2x90x64xf32>,
    %n: index) -> tensor<1x2x40x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = attn.sdpa %q, %k, %k
    : (tensor<1x2x40x64xf32>, tensor<1x2x90x64xf32>, tensor<1x2x90x64xf32>)
    -> tensor<1x2x40x64xf32>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %first)
      -> tensor<1x2x40x64xf32> {
    %y = attn.sdpa %q, %x, %x causal
      : (tensor<1x2x40x64xf32>, tensor<1x2x40x64xf32>, tensor<1x2x40x64xf32>)
      -> tensor<1x2x40x64xf32>
    scf.yield %y : tensor<1x2x40x64xf32>
  }
  return %last : tensor<1x2x40x64xf32>
}

// Panels that no stack takes.
func.func @wide(%q: tensor<1x2x40x3001xf32>, %k: tensor<1x2x50x3001xf32>)
    -> tensor<1x2x40x3001xf32> {
  %0 = attn.sdpa %q, %k, %k scale(0.01)
    : (tensor<1x2x40x3001xf32>, tensor<1x2x50x3001xf32>,
       tensor<1x2x50x3001xf32>) -> tensor<1x2x40x3001xf32>
  return %0 : tensor<1x2x40x3001xf32>
}
