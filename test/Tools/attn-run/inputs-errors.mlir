// Every message about --input, by the function below.
// RUN: not attn-run %s 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: attn-run: error: no --input given, and argument 1 ('y') of type ?x4xf16 is not a tensor of static shape; the function takes x: 2x4xf32, y: ?x4xf16, s: index

// RUN: not attn-run %s --input=2x4xf32=zeros --input=1x4xf16=zeros 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-run: error: no --input for argument 2 ('s') of type index; the function takes x: 2x4xf32

// RUN: not attn-run %s --input=2x4xf32=0 --input=1x4xf16=0 --input=1:index --input=2:index 2>&1 | FileCheck %s --check-prefix=MANY
// MANY: attn-run: error: --input='2:index': one input too many; the function takes

// RUN: not attn-run %s --input=2x5xf32=zeros 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: attn-run: error: --input='2x5xf32=zeros': expected argument 0 ('x') of type 2x4xf32, found 2x5xf32

// RUN: not attn-run %s --input=2x4xf16=zeros 2>&1 | FileCheck %s --check-prefix=DTYPE
// DTYPE: attn-run: error: --input='2x4xf16=zeros': expected argument 0 ('x') of type 2x4xf32, found 2x4xf16

// RUN: not attn-run %s --input=2x4x1xf32=zeros 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: expected argument 0 ('x') of type 2x4xf32, found 2x4x1xf32

// RUN: not attn-run %s --input=1:index 2>&1 | FileCheck %s --check-prefix=SCALAR
// SCALAR: expected argument 0 ('x') of type 2x4xf32, found index (a scalar)

// RUN: not attn-run %s --input=s:=1:i64 2>&1 | FileCheck %s --check-prefix=SCALAR-TYPE
// SCALAR-TYPE: expected argument 2 ('s') of type index, found i64 (a scalar)

// RUN: not attn-run %s --input=z:=1:index 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: attn-run: error: --input='z:=1:index': no such argument; the function takes x: 2x4xf32

// RUN: not attn-run %s --input=s:=1:index --input=arg2:=1:index 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: attn-run: error: --input='arg2:=1:index': argument 2 ('s') of type index is already given

// RUN: not attn-run %s --input=hello 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: attn-run: error: --input='hello': expected @FILE.npy, SHAPExTYPE=random(SEED), SHAPExTYPE=zeros, SHAPExTYPE=VALUE or VALUE:TYPE

// RUN: not attn-run %s --input=2x4=zeros 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: attn-run: error: --input='2x4=zeros': '2x4' is not a shape and a type, e.g. 2x128xf32

// RUN: not attn-run %s --input=1:flub 2>&1 | FileCheck %s --check-prefix=SCALAR-FORM
// SCALAR-FORM: attn-run: error: --input='1:flub': 'flub' is not a scalar type

// RUN: not attn-run %s --input=2x?xf32=zeros 2>&1 | FileCheck %s --check-prefix=QUESTION
// QUESTION: attn-run: error: --input='2x?xf32=zeros': write a number for every '?'

// RUN: not attn-run %s --input=2x4xf32=one 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: attn-run: error: --input='2x4xf32=one': 'one' is not a number, 'zeros' or 'random(SEED)'

// RUN: not attn-run %s --input=s:=1.5:index 2>&1 | FileCheck %s --check-prefix=INTEGER
// INTEGER: attn-run: error: --input='s:=1.5:index': '1.5' is not an integer that fits, 'zeros' or 'random(SEED)'

// RUN: not attn-run %s --input=4xi8=300 2>&1 | FileCheck %s --check-prefix=FIT
// FIT: attn-run: error: --input='4xi8=300': 300 does not fit the type i8

// RUN: not attn-run %s --input=2x4xf32=random\(-1\) 2>&1 | FileCheck %s --check-prefix=SEED
// SEED: attn-run: error: --input='2x4xf32=random(-1)': the seed '-1' is not a non-negative integer

// RUN: not attn-run %s --input=2x4xi4=zeros 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: attn-run: error: --input='2x4xi4=zeros': element type i4 is not supported; use f16, bf16, f32, f64, f8E4M3FN, f8E5M2, i1, i8, i16, i32, i64, ui8 or index

// RUN: not attn-run %s --input=4294967296x4294967296x2xf32=zeros 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: cannot allocate memory for 4294967296x4294967296x2xf32
// RUN: not attn-run %s --input=1000000000x1000000xf32=zeros 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: cannot allocate memory for 1000000000x1000000xf32

func.func @f(%x: tensor<2x4xf32>, %y: tensor<?x4xf16>, %s: index) {
  return
}
