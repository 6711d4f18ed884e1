// What attn-compile refuses, its exit codes, and that nothing is left behind.
// RUN: split-file %s %t && cd %t

// RUN: not attn-compile 2>&1 | FileCheck %s --check-prefix=NO-INPUT
// NO-INPUT: attn-compile: error: no input file; usage: attn-compile IN.mlir -o OUT
// RUN: not attn-compile ok.mlir 2>&1 | FileCheck %s --check-prefix=NO-OUTPUT
// NO-OUTPUT: attn-compile: error: no output; name it with -o OUT
// RUN: not attn-compile ok.mlir -o out.xyz 2>&1 | FileCheck %s --check-prefix=SUFFIX
// SUFFIX: attn-compile: error: -o out.xyz: nothing says what to make; end the name in .o, .so, .s, .ll, .mlir, .ptx or .cubin, or give --emit
// RUN: not attn-compile ok.mlir -o out.o --emit=elf 2>&1 | FileCheck %s --check-prefix=EMIT
// EMIT: attn-compile: error: --emit=elf: expected mlir, llvm, asm, obj, lib, ptx or cubin
// RUN: not attn-compile ok.mlir -o out.o --emit=asm 2>&1 | FileCheck %s --check-prefix=CONFLICT
// CONFLICT: attn-compile: error: --emit=asm and -o out.o disagree: .o is the suffix of --emit=obj
// RUN: not attn-compile ok.mlir -o out.o --frobnicate 2>&1 | FileCheck %s --check-prefix=FLAG
// FLAG: attn-compile: error: Unknown command line argument '--frobnicate'
// RUN: not attn-compile ok.mlir -o out.o --target=rocm 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: attn-compile: error: --target=rocm: expected cpu, cuda or cuda-emulated
// RUN: not attn-compile ok.mlir -o out.ptx --target=cpu 2>&1 | FileCheck %s --check-prefix=PTX-CPU
// PTX-CPU: attn-compile: error: -o out.ptx: code for GPUs needs --target=cuda
// RUN: not attn-compile ok.mlir -o out.o --arch=sm_90a 2>&1 | FileCheck %s --check-prefix=ARCH
// ARCH: attn-compile: error: --arch=sm_90a: names GPUs, for --target=cuda; processors are chosen with --mcpu

// What flags of GPUs do not go with.
// RUN: not attn-compile ok.mlir -o out.so --target=cuda --arch=sm_75 2>&1 | FileCheck %s --check-prefix=NO-ARCH
// NO-ARCH: attn-compile: error: --arch=sm_75: no such GPU; there is sm_80, sm_86, sm_87, sm_89, sm_90, sm_90a, sm_100a, sm_120
// RUN: not attn-compile ok.mlir -o out.so --target=cuda --arch=sm_80,sm_80 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: attn-compile: error: --arch=sm_80,sm_80: names sm_80 twice
// RUN: not attn-compile ok.mlir -o out.mlir --target=cuda-emulated --arch=sm_80,sm_90a 2>&1 | FileCheck %s --check-prefix=EMULATE-TWO
// EMULATE-TWO: attn-compile: error: --target=cuda-emulated: one GPU is emulated, but --arch=sm_80,sm_90a names several
// RUN: not attn-compile ok.mlir -o out.ptx --arch=sm_80,sm_90a 2>&1 | FileCheck %s --check-prefix=TWO
// TWO: attn-compile: error: -o out.ptx: holds code for one GPU, but --arch=sm_80,sm_90a names several; an object (.o, .so) holds all
// RUN: not attn-compile ok.mlir -o out.ptx --header=out.h 2>&1 | FileCheck %s --check-prefix=PTX-HEADER
// PTX-HEADER: attn-compile: error: --header=out.h: declares functions of the host, which out.ptx has not got
// RUN: not attn-compile ok.mlir -o out.o --target=cuda --freestanding 2>&1 | FileCheck %s --check-prefix=CUDA-FREE
// CUDA-FREE: attn-compile: error: --freestanding: kernels are launched by the NVIDIA driver, which needs a C library
// RUN: not attn-compile ok.mlir -o out.o --target=cuda --distribute 2>&1 | FileCheck %s --check-prefix=CUDA-RANKS
// CUDA-RANKS: attn-compile: error: --distribute: ranks run on processors; compile with --target=cpu
// RUN: not attn-compile ok.mlir -o out.o --target=cuda-emulated 2>&1 | FileCheck %s --check-prefix=EMULATED
// EMULATED: attn-compile: error: --target=cuda-emulated: the emulator is in attn-run; only .mlir can be written
// RUN: not attn-compile scalar.mlir -o out.ptx 2>&1 | FileCheck %s --check-prefix=NO-KERNEL
// NO-KERNEL: attn-compile: error: nothing in this module becomes a kernel; compile it with --target=cpu

// Without ptxas, PTX and what holds it can be made, machine code cannot.
// RUN: env PATH= CUDA_HOME= CUDA_ROOT= CUDA_PATH= %python -c "import subprocess,sys; sys.exit(subprocess.call([sys.argv[1], 'attention.mlir', '-o', 'out.cubin']) != 1)" %attn_tools/attn-compile 2>&1 | FileCheck %s --check-prefix=NO-PTXAS
// NO-PTXAS: attn-compile: error: a cubin is made by ptxas: there is no ptxas in PATH, nor in bin of CUDA_HOME, CUDA_ROOT or CUDA_PATH; PTX (.ptx) needs none

// RUN: not attn-compile ok.mlir -o out.o --mcpu=pentium-9000 2>&1 | FileCheck %s --check-prefix=MCPU
// MCPU: attn-compile: error: --mcpu=pentium-9000: no such processor of {{.*}}; use native, or a name of clang's -mcpu
// RUN: not attn-compile ok.mlir -o out.o --triple=riscv64-linux-gnu 2>&1 | FileCheck %s --check-prefix=TRIPLE
// TRIPLE: attn-compile: error: --triple=riscv64-unknown-linux-gnu: expected an x86-64 or AArch64 processor
// RUN: not attn-compile ok.mlir -o out.o --triple=x86_64-pc-windows-msvc 2>&1 | FileCheck %s --check-prefix=FORMAT
// FORMAT: attn-compile: error: --triple=x86_64-pc-windows-msvc: only ELF objects can be made
// RUN: not attn-compile ok.mlir -o out.o --strategy=fast 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: attn-compile: error: --strategy=fast: {{.+}}
// RUN: not attn-compile ok.mlir -o out.so --freestanding 2>&1 | FileCheck %s --check-prefix=FREE-SO
// FREE-SO: attn-compile: error: --freestanding: a shared object has threads, which need a C library; make an object (.o)
// RUN: not attn-compile ok.mlir -o out.mlir --freestanding 2>&1 | FileCheck %s --check-prefix=FREE-MLIR
// FREE-MLIR: attn-compile: error: --freestanding: changes nothing about MLIR; use it with .o, .s or .ll
// RUN: not attn-compile ok.mlir -o out.o --header=out.o 2>&1 | FileCheck %s --check-prefix=SAME
// SAME: attn-compile: error: --header=out.o: is the output, too
// RUN: not attn-compile ok.mlir --emit=asm -o - --header=- 2>&1 | FileCheck %s --check-prefix=STDOUT
// STDOUT: attn-compile: error: --header=-: is the output, too

// RUN: not attn-compile missing.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-compile: error: cannot open input file 'missing.mlir'
// RUN: not attn-compile ok.mlir -o no/out.o 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: attn-compile: error: cannot write 'no/out.o': No such file or directory
// RUN: mkdir dir.o && not attn-compile ok.mlir -o dir.o 2>&1 | FileCheck %s --check-prefix=IS-DIR
// IS-DIR: attn-compile: error: cannot write 'dir.o': Is a directory
// RUN: not attn-compile ok.mlir -o out.o --header=no/out.h 2>&1 | FileCheck %s --check-prefix=HEADER
// HEADER: attn-compile: error: cannot write 'no/out.h': No such file or directory
// RUN: not attn-compile ok.mlir -o /dev/full --emit=obj 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: attn-compile: error: cannot write '/dev/full': No space left on device
// RUN: touch file && not attn-compile ok.mlir -o out.o --dump-stages=file/x 2>&1 | FileCheck %s --check-prefix=DUMP
// DUMP: attn-compile: error: --dump-stages: cannot create 'file/x': Not a directory

// RUN: not attn-compile syntax.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: syntax.mlir:2:10: error: use of undeclared SSA value name
// SYNTAX: attn-compile: error: 'syntax.mlir' is not a valid module
// RUN: not attn-compile verifier.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=VERIFIER
// VERIFIER: verifier.mlir:4:8: error: 'attn.sdpa' op
// RUN: not attn-compile none.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: attn-compile: error: none.mlir: no public func.func with a body
// RUN: not attn-compile rank.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: attn-compile: error: function 'f': argument 0 has type 1x1x1x1x1x1x1x1x2xf32: the C interface passes tensors of rank 8 at most
// RUN: not attn-compile element.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: attn-compile: error: function 'f': argument 0 has type tensor<2xi4>: the element type is not supported
// RUN: not attn-compile external.mlir -o out.o 2>&1 | FileCheck %s --check-prefix=EXTERNAL
// EXTERNAL: external.mlir:3:8: error: 'func.call' op cannot be part of a C function: this module does not define @nowhere
// EXTERNAL: attn-compile: error: stage 'checked' failed on this module

// RUN: not attn-compile main.mlir -o out.o --header=out.h 2>&1 | FileCheck %s --check-prefix=MAIN
// MAIN: attn-compile: error: --header: function 'main' cannot be declared in C; rename it
// RUN: not attn-compile keyword.mlir -o out.o --header=out.h 2>&1 | FileCheck %s --check-prefix=KEYWORD
// KEYWORD: attn-compile: error: --header: function 'while' cannot be declared in C; rename it
// RUN: not attn-compile clash.mlir -o out.o --header=out.h 2>&1 | FileCheck %s --check-prefix=CLASH
// CLASH: attn-compile: error: --header: two functions would be called 'f_call'; rename one

// RUN: ls | FileCheck %s --check-prefix=NOTHING --implicit-check-not=out --implicit-check-not=tmp
// NOTHING: ok.mlir

//--- ok.mlir
func.func @f(%q: tensor<1x1x?x8xf32>) -> tensor<1x1x?x8xf32> {
  %0 = attn.sdpa %q, %q, %q
    : (tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<1x1x?x8xf32>
  return %0 : tensor<1x1x?x8xf32>
}
//--- syntax.mlir
func.func @f() -> f32 {
  return %x : f32
}
//--- verifier.mlir
!q = tensor<1x3x4x8xf32>
!k = tensor<1x2x4x8xf32>
func.func @f(%q: !q, %k: !k) -> !q {
  %0 = attn.sdpa %q, %k, %k : (!q, !k, !k) -> !q
  return %0 : !q
}
//--- none.mlir
func.func private @f()
//--- rank.mlir
func.func @f(%x: tensor<1x1x1x1x1x1x1x1x2xf32>) { return }
//--- element.mlir
func.func @f(%x: tensor<2xi4>) { return }
//--- external.mlir
func.func private @nowhere(%x: f32) -> f32
func.func @f(%x: f32) -> f32 {
  %0 = call @nowhere(%x) : (f32) -> f32
  return %0 : f32
}
//--- main.mlir
func.func @main(%x: f32) -> f32 { return %x : f32 }
//--- keyword.mlir
func.func @while(%x: f32) -> f32 { return %x : f32 }
//--- clash.mlir
func.func @f(%x: f32) -> f32 { return %x : f32 }
func.func @f_call(%x: f32) -> f32 { return %x : f32 }

//--- scalar.mlir
func.func @main(%x: i64) -> i64 {
  return %x : i64
}

//--- attention.mlir
func.func @main(%q: tensor<1x1x1x64xf16>, %k: tensor<1x1x9x64xf16>) -> tensor<1x1x1x64xf16> {
  %o = attn.sdpa %q, %k, %k : (tensor<1x1x1x64xf16>, tensor<1x1x9x64xf16>, tensor<1x1x9x64xf16>) -> tensor<1x1x1x64xf16>
  return %o : tensor<1x1x1x64xf16>
}
