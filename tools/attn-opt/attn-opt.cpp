//===- attn-opt.cpp - Run passes on attention IR --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// mlir-opt with the attn dialect: our passes, all upstream dialects and passes.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Report.h"
#include "attn/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/WithColor.h"

static llvm::cl::opt<std::string> attnReport(
    "attn-report", llvm::cl::value_desc("FILE.json"),
    llvm::cl::desc("Write what attn-raise found, what it left alone and why, "
                   "and which kernels were made, as JSON"));

#ifdef ATTN_INCLUDE_TESTS
namespace mlir::attn::test {
void registerTestCompileKernelsPass();
void registerTestKeyRangesPass();
} // namespace mlir::attn::test
#endif

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  mlir::attn::registerAllDialectsAndExtensions(registry);
  mlir::attn::registerAllPasses();
#ifdef ATTN_INCLUDE_TESTS
  mlir::attn::test::registerTestCompileKernelsPass();
  mlir::attn::test::registerTestKeyRangesPass();
#endif
  mlir::attn::registerShadowDialects(registry);

  mlir::attn::Report report;
  mlir::attn::setProcessReport(&report);
  mlir::attn::setKernelListener(
      [&](const mlir::attn::KernelFacts &kernel) { report.add(kernel); });
  llvm::LogicalResult result =
      mlir::MlirOptMain(argc, argv, "attn-mlir optimizer driver\n", registry);
  mlir::attn::setProcessReport(nullptr);
  mlir::attn::setKernelListener(nullptr);
  std::string error;
  if (!attnReport.empty() && failed(report.write(attnReport, error))) {
    llvm::WithColor::error(llvm::errs(), "attn-opt")
        << "cannot write " << attnReport << ": " << error << "\n";
    return 1;
  }
  return mlir::asMainReturnCode(result);
}
