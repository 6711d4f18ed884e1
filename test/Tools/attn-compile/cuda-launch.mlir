// Objects find the driver when they are called: none here, then a fake one, which
// says what it is asked to do.
// REQUIRES: clang
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: attn-compile %S/cuda.mlir -o decode.so --target=cuda --arch=sm_80,sm_90a
// RUN: attn-compile %S/cuda.mlir -o decode.o --target=cuda --arch=sm_80,sm_90a --header=decode.h
// RUN: clang -std=c99 -Wall -Wextra -Werror -pedantic -I. %S/Inputs/launch-twice.c decode.o -ldl -o twice
// RUN: clang -w -shared -fPIC %S/Inputs/fake-cuda.c -o libcuda.so.1
// DEFINE: %{args} = --input=2x4x1x64xf16=1 --input=2x2x300x64xf16=1 --input=2x2x300x64xf16=1 --input=2xi64=300
// DEFINE: %{fake} = env LD_LIBRARY_PATH=%t

// RUN: %{fake} ./twice | FileCheck %s --check-prefix=TWICE
// TWICE:      cuda: context of stream
// TWICE-NEXT: cuda: load
// TWICE-NOT:  cuda: load
// TWICE:      cuda: launch decode_kernel{{.*}}, stream 77
// TWICE:      ok: {{$}}
// TWICE-NOT:  cuda: load
// TWICE:      cuda: launch decode_kernel{{.*}}, stream 0
// TWICE:      ok: {{$}}

// RUN: %{fake} attn-run decode.so %{args} | FileCheck %s --check-prefix=SHARED
// SHARED-DAG: cuda: primary context
// SHARED-DAG: cuda: launch decode_kernel
// SHARED-DAG: result 0: 2x4x1x64xf16
// RUN: %{fake} FAKE_SM=100 attn-run decode.so %{args} | FileCheck %s --check-prefix=LATER
// LATER: cuda: load PTX of sm_80
// RUN: not %{fake} FAKE_SM=75 attn-run decode.so %{args} 2>&1 | FileCheck %s --check-prefix=EARLIER
// EARLIER: attn-run: error: 'decode': no code for this GPU, which is sm_75: the object has sm_80{{.*}}; compile with another --arch
// RUN: not %{fake} FAKE_CUDA=old attn-run decode.so %{args} 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: attn-run: error: 'decode': the NVIDIA driver, for CUDA 11.4, does not take the code for sm_{{90|80}}: it is older than the code
// RUN: not %{fake} FAKE_CUDA=small attn-run decode.so %{args} 2>&1 | FileCheck %s --check-prefix=SMALL
// SMALL: attn-run: error: out of device memory: taking 1024 bytes (CUDA_ERROR_OUT_OF_MEMORY)
// RUN: not %{fake} FAKE_CUDA=misaligned attn-run decode.so %{args} 2>&1 | FileCheck %s --check-prefix=MISALIGNED
// MISALIGNED: attn-run: error: a kernel got a pointer that is not aligned to 16 bytes, or a stride that makes one: found by cuCtxSynchronize (CUDA_ERROR_MISALIGNED_ADDRESS)
// RUN: %{fake} FAKE_CUDA=no-device %python %S/../attn-run/Inputs/exit-code.py 77 attn-run decode.so %{args} 2>&1 | FileCheck %s --check-prefix=NO-DEVICE
// NO-DEVICE: attn-run: error: 'decode.so' runs on an NVIDIA GPU: no NVIDIA GPU on this machine
// RUN: %{fake} attn-run %S/cuda.mlir --target=cuda %{args} | FileCheck %s --check-prefix=MODULE
// MODULE: cuda: launch decode_kernel
// RUN: not %{fake} FAKE_SM=75 attn-run %S/cuda.mlir --target=cuda %{args} 2>&1 | FileCheck %s --check-prefix=TOO-OLD
// TOO-OLD: attn-run: error: --target=cuda: this GPU, of capability 7.5, is too old; kernels need 8.0

// What goes with a GPU, and what does not.
// RUN: not attn-run decode.so --target=cpu 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: attn-run: error: --target=cpu: 'decode.so' is compiled for cuda

// Times are those between events, 2 ms here, and nothing is in a cache.
// RUN: %{fake} attn-run decode.so %{args} --benchmark=3 > benchmark.txt
// RUN: FileCheck %s --check-prefixes=BENCHMARK,COUNTED < benchmark.txt
// RUN: %{fake} attn-run %S/cuda.mlir --target=cuda %{args} --benchmark=3 | FileCheck %s --check-prefixes=BENCHMARK,COUNTED
// What the driver says is printed when the program ends.
// BENCHMARK:       on the GPU, nothing in its caches, repetitions 3
// BENCHMARK-NEXT:  median best
// BENCHMARK-NEXT:  time 2.000 2.000 ms
// COUNTED-NEXT:    counted work {{[0-9.]+}} {{[0-9.]+}} GFLOP/s
// BENCHMARK-NEXT:  copy limit 268.435 268.435 GB/s
// COUNTED-NEXT:    counted bytes {{[0-9.]+}} {{[0-9.]+}} GB/s
// COUNTED-NEXT:    share of copy limit {{[0-9.]+}} {{[0-9.]+}} %
// BENCHMARK:       cuda: launch decode_kernel
// BENCHMARK:       cuda: event
// BENCHMARK-NEXT:  cuda: copy of 268435456 bytes
// BENCHMARK-NEXT:  cuda: event
// BENCHMARK-NEXT:  cuda: copy of 268435456 bytes
// BENCHMARK-NEXT:  cuda: event
// BENCHMARK-NEXT:  cuda: launch decode_kernel
// RUN: attn-compile %S/cuda.mlir -o bare.so --target=cuda --no-embed-ir
// RUN: %{fake} attn-run bare.so %{args} --benchmark=3 | FileCheck %s --check-prefix=BARE
// BARE:      no module in 'bare.so' (--no-embed-ir): its work is not counted
// BARE:      time 2.000 2.000 ms
// BARE-NEXT: copy limit 268.435 268.435 GB/s
// BARE-NOT:  counted
// RUN: not %{fake} FAKE_CUDA=stopped attn-run decode.so %{args} --benchmark=3 2>&1 | FileCheck %s --check-prefix=STOPPED
// STOPPED: attn-run: error: cuEventSynchronize failed: said so (CUDA_ERROR)
// RUN: FileCheck %s --check-prefix=HEADER < decode.h
// HEADER: For NVIDIA GPUs: sm_80, sm_90a
// HEADER: const char *attn_gpu_error(void);
