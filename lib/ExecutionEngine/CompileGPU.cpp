//===- lib/ExecutionEngine/CompileGPU.cpp - Kernels of an object ----------===//
//
// Part of attn-mlir.
//
// What attn-compile does with the kernels of a lowered module.
//
//===----------------------------------------------------------------------===//

#include "CompileGPU.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::raw_ostream;

static ManifestKernel describe(const GpuKernelFacts &facts) {
  ManifestKernel kernel;
  kernel.name = facts.kernel;
  kernel.arch = facts.arch;
  kernel.registers = facts.registers;
  kernel.stackBytes = facts.stackBytes;
  kernel.spillStoreBytes = facts.spillStoreBytes;
  kernel.spillLoadBytes = facts.spillLoadBytes;
  kernel.sharedBytes = facts.sharedBytes;
  return kernel;
}

Error mlir::attn::compileGpuKernels(
    ModuleOp module, ArrayRef<const GpuArch *> archs, OutputKind kind,
    Manifest &manifest, StageDumper &dumper, SmallVectorImpl<char> &bytes,
    llvm::function_ref<void(const Twine &)> remark) {
  gpu::GPUModuleOp kernels = gatherKernels(module);
  if (!kernels)
    return createStringError("nothing in this module becomes a kernel; compile "
                             "it with --target=cpu");
  bool hasPtxas = findPtxas().has_value();
  if (kind == OutputKind::Cubin && !hasPtxas)
    return createStringError(Twine("a cubin is made by ptxas: ") + kNoPtxas +
                             "; PTX (.ptx) needs none");
  SmallVector<GpuCode> codes;
  for (const GpuArch *arch : archs) {
    auto code =
        compileKernels(kernels, *arch, /*assemble=*/kind != OutputKind::PTX);
    if (!code)
      return code.takeError();
    if (Error error = dumper.write("kernels-" + arch->name.str(), "ptx",
                                   [&](raw_ostream &os) { os << code->ptx; }))
      return error;
    for (const GpuKernelFacts &facts : code->facts)
      manifest.kernels.push_back(describe(facts));
    codes.push_back(std::move(*code));
  }
  const GpuCode &first = codes.front();
  if (kind == OutputKind::PTX) {
    bytes.assign(first.ptx.begin(), first.ptx.end());
    return Error::success();
  }
  if (kind == OutputKind::Cubin) {
    bytes.assign(first.cubin.begin(), first.cubin.end());
    return Error::success();
  }
  if (!hasPtxas)
    remark(kNoPtxas + ": there is only PTX in the object, which the driver "
                      "compiles when a kernel is first launched");
  embedKernels(module, kernels, codes);
  return Error::success();
}
