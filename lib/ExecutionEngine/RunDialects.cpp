//===- lib/ExecutionEngine/RunDialects.cpp - What modules may use ---------===//
//
// Part of attn-mlir.
//
// Registers the dialects of modules that are compiled in memory.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Program.h"
#include "attn/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"

using namespace mlir;

void attn::registerRunDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllDialectsAndExtensions(registry);
}
