// What cannot be drawn, and the exit code.
// RUN: split-file %s %t

//--- f.mlir
func.func @f(%q: tensor<2x4x?x8xf32>, %k: tensor<2x2x?x8xf32>, %len: tensor<2xi64>)
    -> tensor<2x4x?x8xf32> {
  %0 = attn.sdpa %q, %k, %k kv_len(%len)
    : (tensor<2x4x?x8xf32>, tensor<2x2x?x8xf32>, tensor<2x2x?x8xf32>, tensor<2xi64>)
    -> tensor<2x4x?x8xf32>
  return %0 : tensor<2x4x?x8xf32>
}
// RUN: not attn-viz 2>&1 | FileCheck %s --check-prefix=USAGE
// RUN: not attn-viz %t/f.mlir 2>&1 | FileCheck %s --check-prefix=USAGE
// USAGE: attn-viz: error: usage: attn-viz FILE.mlir -o PICTURE.svg|.png [--input=SPEC ...]
// RUN: not attn-viz %t/f.mlir -o %t/f.jpg 2>&1 | FileCheck %s --check-prefix=SUFFIX
// SUFFIX: attn-viz: error: -o {{.*}}f.jpg: expected a name that ends in .svg or .png
// RUN: not attn-viz %t/f.mlir -o %t/nowhere/f.svg 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: attn-viz: error: cannot write '{{.*}}f.svg': {{[Nn]}}o such file or directory
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --frobnicate 2>&1 | FileCheck %s --check-prefix=FLAG
// FLAG: attn-viz: error: Unknown command line argument '--frobnicate'
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --tile=0 2>&1 | FileCheck %s --check-prefix=TILE
// TILE: attn-viz: error: --tile=0: expected a number of 1 or more
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --head=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: attn-viz: error: --head=-1: expected a number of 0 or more
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --op=x 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: attn-viz: error: --op=x: expected a number of 0 or more
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --strategy=clever 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: attn-viz: error: --strategy=clever: unknown strategy 'clever'
// RUN: not attn-viz %t/missing.mlir -o %t/f.svg 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-viz: error: cannot open input file '{{.*}}missing.mlir'
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --function=g 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: attn-viz: error: {{.*}}f.mlir: no public function 'g'; there is f

// What the pattern depends on must be there, and nothing else.
// RUN: not attn-viz %t/f.mlir -o %t/f.svg 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa': no --input for argument 0 ('q') of type 2x4x?x8xf32, whose sizes decide the pattern; the function takes q: 2x4x?x8xf32, k: 2x2x?x8xf32, len: 2xi64
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=2x4x3x8xf32=zeros --input=2x2x5x8xf32=zeros 2>&1 | FileCheck %s --check-prefix=VALUES
// VALUES: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa': no --input for argument 2 ('len') of type 2xi64, whose values decide the pattern; the function takes
// RUN: attn-viz %t/f.mlir -o %t/f.svg --input=2x4x3x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=4 | FileCheck %s --check-prefix=FINE
// FINE: 12 of 15 pairs visible (80 %)

// Inputs are read like those of attn-run, also those of which sizes are enough.
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=2x4x3x8xf32=many 2>&1 | FileCheck %s --check-prefix=FILL
// FILL: attn-viz: error: --input='2x4x3x8xf32=many': 'many' is not a number, 'zeros' or 'random(SEED)'
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=2x5x3x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=4 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: attn-viz: error: --input='2x5x3x8xf32=zeros': expected argument 0 ('q') of type 2x4x?x8xf32, found 2x5x3x8xf32
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=x:=4 2>&1 | FileCheck %s --check-prefix=ARGUMENT
// ARGUMENT: attn-viz: error: --input='x:=4': no such argument; the function takes q: 2x4x?x8xf32
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=2x4x3x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=6 2>&1 | FileCheck %s --check-prefix=CHECKED
// CHECKED: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa' op expects kv_len{{.*}}6
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --batch=2 --input=2x4x3x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=4 2>&1 | FileCheck %s --check-prefix=BATCH
// BATCH: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa': --batch=2: expected less than its batch of 2
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --head=4 --input=2x4x3x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=4 2>&1 | FileCheck %s --check-prefix=HEAD
// HEAD: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa': --head=4: expected less than its num_heads of 4
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --input=2x4x0x8xf32=zeros --input=2x2x5x8xf32=zeros --input=2xi64=4 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: attn-viz: error: {{.*}}f.mlir:3:8: 'attn.sdpa': it has 0 queries and 5 keys: nothing to draw
// RUN: not attn-viz %t/f.mlir -o %t/f.svg --op=1 2>&1 | FileCheck %s --check-prefix=OP
// OP: attn-viz: error: --op=1: no such op; there is 0 attn.sdpa at {{.*}}f.mlir:3:8

// An error leaves the file that was there.
// RUN: cp %t/f.mlir %t/old.svg
// RUN: not attn-viz %t/f.mlir -o %t/old.svg
// RUN: cmp %t/f.mlir %t/old.svg

//--- none.mlir
func.func @f() { return }
// RUN: not attn-viz %t/none.mlir -o %t/f.svg 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: attn-viz: error: {{.*}}none.mlir: no op in it says which keys queries see; attn-opt --attn-raise finds attention that is written out

//--- recursive.mlir
func.func @f(%q: tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32> {
  %0 = attn.sdpa %q, %q, %q : (tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32>
  %1 = func.call @f(%0) : (tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32>
  return %1 : tensor<1x1x4x8xf32>
}
// RUN: not attn-viz %t/recursive.mlir -o %t/f.svg 2>&1 | FileCheck %s --check-prefix=RECURSIVE
// RECURSIVE: attn-viz: error: function 'f' is called by itself; there is no one pattern

//--- branch.mlir
func.func @f(%q: tensor<1x1x4x8xf32>, %c: i1) -> tensor<1x1x4x8xf32> {
  %0 = scf.if %c -> tensor<1x1x4x8xf32> {
    %1 = attn.sdpa %q, %q, %q : (tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32>
    scf.yield %1 : tensor<1x1x4x8xf32>
  } else {
    scf.yield %q : tensor<1x1x4x8xf32>
  }
  return %0 : tensor<1x1x4x8xf32>
}
// RUN: attn-viz %t/branch.mlir -o %t/f.svg --input=c:=1:i1
// RUN: not attn-viz %t/branch.mlir -o %t/f.svg --input=c:=0:i1 2>&1 | FileCheck %s --check-prefix=BRANCH
// BRANCH: attn-viz: error: {{.*}}branch.mlir:3:10: 'attn.sdpa': it does not run on these inputs
