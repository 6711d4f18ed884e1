// What ptxas warns of is a warning at the kernel, by its name; what it says of
// kernels is in the report. A script stands in for it.
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: cp %S/Inputs/ptxas.sh ptxas && chmod +x ptxas
// DEFINE: %{fake} = env PATH=%t:/usr/bin:/bin %attn_tools/attn-compile
// RUN: %{fake} %S/cuda.mlir -o decode.cubin --arch=sm_90a 2>&1 | FileCheck %s
// CHECK-DAG: cuda.mlir:{{[0-9]+}}:{{[0-9]+}}: warning: ptxas for sm_90a: (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to insufficient register resources for the wgmma pipeline in the function 'decode_kernel'
// CHECK-DAG: cuda.mlir:{{[0-9]+}}:{{[0-9]+}}: warning: ptxas for sm_90a: Value of threads per SM for entry decode_kernel is out of range. .minnctapersm will be ignored
// RUN: not env FAKE_PTXAS=fail PATH=%t:/usr/bin:/bin %attn_tools/attn-compile %S/cuda.mlir -o decode.cubin --arch=sm_90a 2>&1 | FileCheck %s --check-prefix=FAIL
// FAIL: attn-compile: error: '{{.*}}ptxas' failed for sm_90a:
// FAIL: line 7; error   : Unknown symbol 'x'

// RUN: %{fake} %S/cuda.mlir -o decode.ll --target=cuda --arch=sm_80,sm_90a --attn-report=report.json 2>/dev/null
// RUN: FileCheck %s --check-prefix=REPORT < report.json
// REPORT:      "gpu_kernels": [
// REPORT:        "kernel": "decode_kernel{{[^"]*}}",
// REPORT-NEXT:   "arch": "sm_80",
// REPORT-NEXT:   "registers": 168,
// REPORT-NEXT:   "stack_bytes": 16,
// REPORT-NEXT:   "spill_store_bytes": 24,
// REPORT-NEXT:   "spill_load_bytes": 32,
// REPORT-NEXT:   "shared_bytes": 48
// REPORT:        "arch": "sm_90a",
// RUN: not attn-compile %S/cuda.mlir -o decode.ll --target=cuda --attn-report=no/such/folder.json 2>&1 | FileCheck %s --check-prefix=NO-REPORT
// NO-REPORT: attn-compile: error: --attn-report: cannot write 'no/such/folder.json': {{.+}}
// Of kernels for processors, too.
// RUN: attn-compile %S/cuda.mlir -o decode-cpu.o --attn-report=- | FileCheck %s --check-prefix=CPU
// CPU: "kernels": [
// CPU:   "function": "decode"
