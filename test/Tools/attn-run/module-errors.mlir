// Modules and flags that cannot be run, and the exit codes.
// RUN: split-file %s %t

// RUN: not attn-run %t/syntax.mlir 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: syntax.mlir:2:10: error: use of undeclared SSA value name
// SYNTAX: attn-run: error: '{{.*}}syntax.mlir' is not a valid module
//--- syntax.mlir
func.func @f() -> f32 {
  return %x : f32
}

//--- several.mlir
func.func @f() { return }
func.func @g() { return }
func.func private @h() { return }
// RUN: not attn-run %t/several.mlir 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: attn-run: error: {{.*}}several.mlir: several functions and no 'main'; choose one with --function: f, g
// RUN: not attn-run %t/several.mlir --function=h 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: attn-run: error: {{.*}}several.mlir: no public function 'h'; there is f, g

//--- none.mlir
func.func private @f()
// RUN: not attn-run %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NO-FUNC
// NO-FUNC: attn-run: error: {{.*}}none.mlir: no public func.func with a body

//--- type.mlir
func.func @f(%x: tensor<*xf32>) { return }
// RUN: not attn-run %t/type.mlir 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: attn-run: error: function 'f': argument 0 has type tensor<*xf32>: only ranked tensors, memrefs and scalars can be passed

//--- element.mlir
func.func @f() -> tensor<2xi4> {
  %0 = arith.constant dense<1> : tensor<2xi4>
  return %0 : tensor<2xi4>
}
// RUN: not attn-run %t/element.mlir 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: attn-run: error: function 'f': result 0 has type tensor<2xi4>: the element type is not supported

//--- layout.mlir
func.func @f(%x: memref<2xf32, strided<[2]>>) { return }
// RUN: not attn-run %t/layout.mlir 2>&1 | FileCheck %s --check-prefix=LAYOUT
// LAYOUT: attn-run: error: function 'f': argument 0 has type memref<2xf32, strided<[2]>>: only memrefs of identity layout can be passed

//--- stage.mlir
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "gpu.unknown"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
// RUN: not attn-run %t/stage.mlir 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: stage.mlir:2:8: error:
// UNKNOWN: attn-run: error:

//--- external.mlir
func.func private @nowhere(%x: f32) -> f32
func.func @f(%x: f32) -> f32 {
  %0 = call @nowhere(%x) : (f32) -> f32
  return %0 : f32
}
// RUN: not attn-run %t/external.mlir --input=1:f32 2>&1 | FileCheck %s --check-prefix=EXTERNAL
// EXTERNAL: attn-run: error: nobody defines what the module calls: nowhere
// EXTERNAL-NOT: JIT session

//--- memory.mlir
func.func @f(%n: index) -> tensor<?xf32> {
  %0 = tensor.empty(%n) : tensor<?xf32>
  return %0 : tensor<?xf32>
}
// RUN: not attn-run %t/memory.mlir --input=1000000000000000000:index 2>&1 | FileCheck %s --check-prefix=MEMORY
// MEMORY: attn-run: error: compiled code asks for 40000000000000000{{[0-9]+}} bytes, and there are not that many

//--- ok.mlir
func.func @f() { return }
// RUN: attn-run %t/ok.mlir | count 0
// RUN: not attn-run %t/missing.mlir 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-run: error: cannot open input file '{{.*}}missing.mlir': {{[Nn]}}o such file or directory
// RUN: not attn-run 2>&1 | FileCheck %s --check-prefix=NO-FILE
// NO-FILE: attn-run: error: no input file; usage: attn-run FILE.mlir
// RUN: not attn-run %t/ok.mlir --frobnicate 2>&1 | FileCheck %s --check-prefix=FLAG
// FLAG: attn-run: error: Unknown command line argument '--frobnicate'
// RUN: not attn-run %t/ok.mlir --threads=-1 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: attn-run: error: --threads=-1: expected a number from 1 to 4096
// RUN: not attn-run %t/ok.mlir --threads=x 2>&1 | FileCheck %s --check-prefix=THREADS-TEXT
// THREADS-TEXT: attn-run: error: --threads=x: expected a number from 1 to 4096
// RUN: not attn-run %t/ok.mlir --benchmark=0 2>&1 | FileCheck %s --check-prefix=REPS
// REPS: attn-run: error: --benchmark=0: expected a positive number of repetitions
// RUN: not attn-run %t/ok.mlir --verify=maybe 2>&1 | FileCheck %s --check-prefix=VERIFY
// VERIFY: attn-run: error: --verify=maybe: expected --verify or --verify=ops
// RUN: not attn-run %t/ok.mlir --dump-stages=%t/ok.mlir 2>&1 | FileCheck %s --check-prefix=DUMP
// DUMP: attn-run: error: --dump-stages: cannot {{create|write}} '{{.*}}ok.mlir
// RUN: %python %S/Inputs/exit-code.py 1 attn-run %t/ok.mlir --target=tpu
// RUN: not attn-run %t/ok.mlir --target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: attn-run: error: --target=tpu: expected cpu, cuda or cuda-emulated
// RUN: not attn-run %t/ok.mlir --strategy=clever{x=1} 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: attn-run: error: --strategy=clever{x=1}: {{.*}}clever
