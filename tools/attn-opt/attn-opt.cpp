//===- attn-opt.cpp - Run passes on attention IR --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// mlir-opt with the attn dialect: our passes, all upstream dialects and passes.
//
//===----------------------------------------------------------------------===//

#include "attn/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#ifdef ATTN_INCLUDE_TESTS
namespace mlir::attn::test {
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
  mlir::attn::test::registerTestKeyRangesPass();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "attn-mlir optimizer driver\n", registry));
}
