// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-count-loads

func.func @one_of_two(%x: memref<8xf32>, %y: memref<8xf32>, %b: i1) -> f32 {
  %c0 = arith.constant 0 : index
  %z = arith.select %b, %x, %y : memref<8xf32>
  // expected-error @below {{'memref.load' op loads from one of several buffers, which attn-count-loads cannot tell apart}}
  %0 = memref.load %z[%c0] : memref<8xf32>
  return %0 : f32
}

// -----

func.func @linalg(%x: memref<8xf32>, %y: memref<8xf32>) {
  // expected-error @below {{'linalg.add' op reads an argument in a way that attn-count-loads does not count}}
  linalg.add ins(%x, %x : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>)
  return
}

// -----

func.func private @other(memref<8xf32>)
func.func @call(%x: memref<8xf32>) {
  // expected-error @below {{'func.call' op reads an argument in a way that attn-count-loads does not count}}
  call @other(%x) : (memref<8xf32>) -> ()
  return
}
