//===- PlaceKernels.cpp - Kernels by the GPUs they are for ----------------===//
//
// Part of attn-mlir.
//
// Puts kernels that are for some GPUs into modules that say so.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Passes.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPLACEKERNELSPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
struct PlaceKernels : attn::impl::AttnPlaceKernelsPassBase<PlaceKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::DenseMap<Attribute, gpu::GPUModuleOp> places;
    module.walk([&](gpu::LaunchOp launch) {
      auto archs = launch->getAttrOfType<ArrayAttr>(kArchsAttrName);
      if (!archs || launch.getModuleAttr())
        return;
      gpu::GPUModuleOp &place = places[archs];
      if (!place) {
        std::string name = "kernels";
        for (auto arch : archs.getAsRange<StringAttr>())
          name += ("_" + arch.getValue()).str();
        OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
        place = gpu::GPUModuleOp::create(b, launch.getLoc(), name);
        place->setAttr(kArchsAttrName, archs);
        symbols.insert(place);
      }
      launch->removeAttr(kArchsAttrName);
      launch.setModuleAttr(FlatSymbolRefAttr::get(place));
    });
  }
};
} // namespace
