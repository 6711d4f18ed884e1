// What may go wrong with the driver, each with a message of its own: a fake one
// fails as it is told to.
// REQUIRES: clang
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: clang -w -shared -fPIC %S/Inputs/fake-cuda.c -o libcuda.so.1
// RUN: attn-compile %s -o wide.so --target=cuda --arch=sm_80
// DEFINE: %{fake} = env LD_LIBRARY_PATH=%t
// DEFINE: %{run} = %python %S/../attn-run/Inputs/exit-code.py 1 attn-run wide.so --input=1x8x64x256xf16=1 --input=1x2x300x256xf16=1 --input=1x2x300x256xf16=1
// DEFINE: %{absent} = %python %S/../attn-run/Inputs/exit-code.py 77 attn-run wide.so --input=1x8x64x256xf16=1 --input=1x2x300x256xf16=1 --input=1x2x300x256xf16=1

// Shared memory: more than the GPU has, and more than the driver lets it have.
// RUN: %{fake} FAKE_SHARED=50000 %{run} 2>&1 | FileCheck %s --check-prefix=SHARED
// SHARED: attn-run: error: 'wide': kernel 'wide_kernel{{.*}}' takes {{[0-9]+}} bytes of shared memory, of which this GPU has 50000 for a block
// RUN: %{fake} FAKE_CUDA=no-shared %{run} 2>&1 | FileCheck %s --check-prefix=ATTRIBUTE
// ATTRIBUTE: attn-run: error: 'wide': cuFuncSetAttribute failed: said so (CUDA_ERROR_INVALID_VALUE)

// Code the driver does not take, or has no room for.
// RUN: %{fake} FAKE_CUDA=no-image %{run} 2>&1 | FileCheck %s --check-prefix=IMAGE
// IMAGE: attn-run: error: 'wide': the NVIDIA driver, for CUDA 11.4, does not take the code for sm_80: it is older than the code
// RUN: %{fake} FAKE_CUDA=no-room %{run} 2>&1 | FileCheck %s --check-prefix=ROOM
// ROOM: attn-run: error: 'wide': out of device memory: cuModuleLoadData (CUDA_ERROR_OUT_OF_MEMORY)
// RUN: %{fake} FAKE_CUDA=no-function %{run} 2>&1 | FileCheck %s --check-prefix=FUNCTION
// FUNCTION: attn-run: error: 'wide': cuModuleGetFunction failed: said so (CUDA_ERROR_NOT_FOUND)
// RUN: %{fake} FAKE_CUDA=no-launch %{run} 2>&1 | FileCheck %s --check-prefix=LAUNCH
// LAUNCH: attn-run: error: 'wide': wide_kernel{{.*}} failed: said so (CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)

// Copies of attn-run.
// RUN: %{fake} FAKE_CUDA=no-copy-in %{run} 2>&1 | FileCheck %s --check-prefix=COPY-IN
// COPY-IN: attn-run: error: out of device memory: copying to the device (CUDA_ERROR_OUT_OF_MEMORY)
// RUN: %{fake} FAKE_CUDA=no-copy-out %{run} 2>&1 | FileCheck %s --check-prefix=COPY-OUT
// COPY-OUT: attn-run: error: out of device memory: copying from the device (CUDA_ERROR_OUT_OF_MEMORY)

// No driver that could be used: the device is not here.
// RUN: %{fake} FAKE_CUDA=no-init %{absent} 2>&1 | FileCheck %s --check-prefix=INIT
// INIT: attn-run: error: 'wide.so' runs on an NVIDIA GPU: cuInit failed: said so (CUDA_ERROR)
// RUN: clang -w -shared -fPIC -DWITHOUT_STREAMS %S/Inputs/fake-cuda.c -o libcuda.so.1
// RUN: %{fake} %{absent} 2>&1 | FileCheck %s --check-prefix=SYMBOL
// SYMBOL: attn-run: error: 'wide.so' runs on an NVIDIA GPU: the NVIDIA driver is too old: it has no cuStreamGetCtx
// RUN: echo nonsense > libcuda.so.1
// RUN: %{fake} %{absent} 2>&1 | FileCheck %s --check-prefix=NO-DRIVER
// NO-DRIVER: attn-run: error: 'wide.so' runs on an NVIDIA GPU: no NVIDIA driver on this machine: {{.*}}libcuda.so.1
func.func @wide(%q: tensor<1x8x?x256xf16>, %k: tensor<1x2x?x256xf16>, %v: tensor<1x2x?x256xf16>) -> tensor<1x8x?x256xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x8x?x256xf16>, tensor<1x2x?x256xf16>, tensor<1x2x?x256xf16>) -> tensor<1x8x?x256xf16>
  return %o : tensor<1x8x?x256xf16>
}
