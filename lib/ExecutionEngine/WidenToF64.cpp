//===- lib/ExecutionEngine/WidenToF64.cpp - Every float an f64 ------------===//
//
// Part of attn-mlir.
//
// Rewrites a module so that it computes in f64, as the reference does.
//
//===----------------------------------------------------------------------===//

#include "ConvertAttnToReference.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

static APFloat toDouble(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value;
}

/// The constant with f64 elements, or null where its data cannot be read.
static Attribute widenElements(ElementsAttr attr) {
  Type f64 = Float64Type::get(attr.getContext());
  auto type = cast<ShapedType>(attr.getType()).clone(f64);
  if (auto dense = dyn_cast<DenseFPElementsAttr>(attr)) {
    if (dense.isSplat())
      return DenseElementsAttr::get(type,
                                    toDouble(dense.getSplatValue<APFloat>()));
    SmallVector<APFloat> values;
    values.reserve(dense.size());
    for (const APFloat &value : dense.getValues<APFloat>())
      values.push_back(toDouble(value));
    return DenseElementsAttr::get(type, values);
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    auto format =
        mlir::attn::ElementFormat::get(resource.getType().getElementType());
    if (!blob || !format ||
        blob->getData().size() !=
            static_cast<size_t>(resource.getNumElements() * format->bytes()))
      return {};
    SmallVector<double> values;
    for (int64_t i = 0, e = resource.getNumElements(); i < e; ++i)
      values.push_back(
          format->load(blob->getData().data() + i * format->bytes()));
    return DenseElementsAttr::get(type, ArrayRef(values));
  }
  return {};
}

LogicalResult mlir::attn::widenToF64(ModuleOp module) {
  // Reading a float's bits has no meaning in another type.
  WalkResult checked = module.walk([](Operation *op) {
    auto isFloat = [](Type type) {
      return isa<FloatType>(getElementTypeOrSelf(type));
    };
    if (isa<arith::BitcastOp, tensor::BitcastOp>(op) &&
        (isFloat(op->getOperand(0).getType()) ||
         isFloat(op->getResult(0).getType()))) {
      op->emitError("--verify cannot compute '")
          << op->getName() << "' of a float in f64";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  if (checked.wasInterrupted())
    return failure();

  Type f64 = Float64Type::get(module.getContext());
  Attribute unreadable;
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [&](FloatType) -> std::optional<Type> { return f64; });
  replacer.addReplacement(
      [&](FloatAttr attr) -> std::optional<std::pair<Attribute, WalkResult>> {
        return std::make_pair(
            Attribute(FloatAttr::get(f64, toDouble(attr.getValue()))),
            WalkResult::skip());
      });
  replacer.addReplacement(
      [&](ElementsAttr attr)
          -> std::optional<std::pair<Attribute, WalkResult>> {
        if (!isa<FloatType>(getElementTypeOrSelf(attr.getType())))
          return std::make_pair(Attribute(attr), WalkResult::skip());
        Attribute wide = widenElements(attr);
        if (!wide)
          unreadable = attr;
        return std::make_pair(wide ? wide : Attribute(attr),
                              WalkResult::skip());
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  if (unreadable)
    return module.emitError("--verify cannot read a constant of type ")
           << cast<ElementsAttr>(unreadable).getType();
  module.walk([](Operation *op) {
    if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      op->erase();
    }
  });
  return verify(module);
}
