//===- TestCompileKernels.cpp - Kernels of a module as PTX ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Prints the PTX of a module's kernels, for hand-written ones that attn-compile
// has no source of, after ptxas has taken it if it is to.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Serialize.h"

#include "mlir/Pass/Pass.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

namespace {
struct TestCompileKernelsPass
    : PassWrapper<TestCompileKernelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestCompileKernelsPass)

  TestCompileKernelsPass() = default;
  TestCompileKernelsPass(const TestCompileKernelsPass &) : PassWrapper() {}

  StringRef getArgument() const final { return "test-attn-compile-kernels"; }
  StringRef getDescription() const final {
    return "Prints the PTX of a module's kernels";
  }

  void runOnOperation() override {
    gpu::GPUModuleOp kernels = gatherKernels(getOperation());
    auto target = findGpuArch(arch);
    if (!target || !kernels) {
      emitError(getOperation().getLoc())
          << (kernels ? toString(target.takeError()) : "no kernels");
      return signalPassFailure();
    }
    auto code = compileKernels(kernels, **target, ptxas);
    if (!code) {
      emitError(getOperation().getLoc()) << toString(code.takeError());
      return signalPassFailure();
    }
    llvm::outs() << code->ptx;
  }

  Option<std::string> arch{*this, "arch", llvm::cl::init("sm_90a")};
  Option<bool> ptxas{*this, "ptxas", llvm::cl::init(false)};
};
} // namespace

namespace mlir::attn::test {
/// Registers `test-attn-compile-kernels`.
void registerTestCompileKernelsPass() {
  PassRegistration<TestCompileKernelsPass>();
}
} // namespace mlir::attn::test
