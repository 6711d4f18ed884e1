// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=SSE
// RUN: attn-opt %s --attn-set-target="triple=i686-linux-gnu cpu=haswell" | FileCheck %s --check-prefix=I686
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=x86-64-v3" | FileCheck %s --check-prefix=AVX2
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=x86-64-v3 features=-fma" | FileCheck %s --check-prefix=SSE
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=x86-64-v4" | FileCheck %s --check-prefix=AVX512
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=x86-64-v4 features=+avx512bf16" | FileCheck %s --check-prefix=BF16
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %s --check-prefix=ZNVER4
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=znver5" | FileCheck %s --check-prefix=ZNVER5
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=sapphirerapids" | FileCheck %s --check-prefix=SPR
// RUN: attn-opt %s --attn-set-target="triple=aarch64-linux-gnu cpu=generic" | FileCheck %s --check-prefix=NEON
// RUN: attn-opt %s --attn-set-target="triple=aarch64-linux-gnu cpu=neoverse-v1" | FileCheck %s --check-prefix=V1
// RUN: attn-opt %s --attn-set-target="triple=arm64-apple-macosx cpu=apple-m1" | FileCheck %s --check-prefix=M1
// RUN: attn-opt %s --attn-set-target | FileCheck %s --check-prefix=HOST

// Names that LLVM does not know are refused; LLVM itself would go on without.
// RUN: not attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=znver99" 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=native" 2>&1 | FileCheck %s --check-prefix=NATIVE
// RUN: not attn-opt %s --attn-set-target="triple=x86_64-linux-gnu features=+avx1024" 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not attn-opt %s --attn-set-target="triple=x86_64-linux-gnu features=avx2" 2>&1 | FileCheck %s --check-prefix=FLAG
// RUN: not attn-opt %s --attn-set-target="triple=abacus cpu=generic" 2>&1 | FileCheck %s --check-prefix=TRIPLE

// SSE:    attn.target = #attn.target<cpu, vector_bits = 128>
// I686:   attn.target = #attn.target<cpu, num_vector_registers = 8>
// AVX2:   attn.target = #attn.target<cpu>
// AVX512: attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, scalef = true>
// BF16:   attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, bf16_dot = true, scalef = true>
// ZNVER4: attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, l2_bytes = 1048576, bf16_dot = true, scalef = true>
// ZNVER5: attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, l1_bytes = 49152, l2_bytes = 1048576, bf16_dot = true, scalef = true>
// SPR:    attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, l1_bytes = 49152, l2_bytes = 2097152, bf16_dot = true, scalef = true>
// NEON:   attn.target = #attn.target<cpu, vector_bits = 128, num_vector_registers = 32>
// V1:     attn.target = #attn.target<cpu, vector_bits = 128, num_vector_registers = 32, l1_bytes = 65536, l2_bytes = 1048576>
// M1:     attn.target = #attn.target<cpu, vector_bits = 128, num_vector_registers = 32, l1_bytes = 131072, l2_bytes = 4194304>
// HOST:   attn.target = #attn.target<cpu{{.*}}>

// CPU:     error: expects a cpu and features that LLVM knows for x86_64-unknown-linux-gnu, but got 'znver99' and ''
// NATIVE:  error: expects a cpu and features that LLVM knows for x86_64-unknown-linux-gnu, but got 'native' and ''
// FEATURE: error: expects a cpu and features that LLVM knows for x86_64-unknown-linux-gnu, but got '' and '+avx1024'
// FLAG:    error: expects a cpu and features that LLVM knows for x86_64-unknown-linux-gnu, but got '' and 'avx2'
// TRIPLE:  error: expects a cpu and features that LLVM knows for abacus, but got 'generic' and ''
module attributes {attn.target = #attn.target<cpu, vector_bits = 64>} {}
