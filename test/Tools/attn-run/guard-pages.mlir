// --guard-pages: code that leaves its arguments or its memory crashes.
// DEFINE: %{run} = attn-run %s --input=4xf32=2.0

// Inside, either way.
// RUN: %{run} --function=read --input=0:index --guard-pages=start | FileCheck %s
// RUN: %{run} --function=read --input=3:index --guard-pages=end | FileCheck %s
// One element before the first, one behind the last.
// RUN: not --crash %{run} --function=read --input=-1:index --guard-pages=start
// RUN: not --crash %{run} --function=read --input=4:index --guard-pages=end
// Memory that nobody wrote to is not a number.
// RUN: %{run} --function=unwritten --guard-pages=end | FileCheck %s --check-prefix=NAN
// RUN: not attn-run %s --guard-pages=middle 2>&1 | FileCheck %s --check-prefix=BAD

// CHECK: result 0: f32 [2]
// NAN: result 0: 4xf32 nan 4
// BAD: attn-run: error: --guard-pages=middle: expected start or end

func.func @read(%x: memref<4xf32>, %i: index) -> f32 {
  %0 = memref.load %x[%i] : memref<4xf32>
  return %0 : f32
}

func.func @unwritten(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tensor.empty() : tensor<4xf32>
  return %0 : tensor<4xf32>
}
