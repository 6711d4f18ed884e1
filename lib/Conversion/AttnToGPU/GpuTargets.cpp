//===- GpuTargets.cpp - Kernels by the GPU they run on --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The GPUs a module is compiled for, and the choice between kernels at run
// time.
//
//===----------------------------------------------------------------------===//

#include "GpuTargets.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::attn;

static GpuTarget getTarget(TargetAttr attr) {
  GpuTarget target;
  target.arch = attr.getArch();
  target.computeCapability = attr.getComputeCapability();
  target.numSms = attr.getNumSms();
  target.sharedBytes = attr.getSharedBytes();
  target.hasWgmma = attr.getArch() == "sm_90a";
  return target;
}

SmallVector<GpuTarget> attn::getGpuTargets(Operation *op) {
  SmallVector<GpuTarget> targets;
  auto module = op->getParentOfType<ModuleOp>();
  auto add = [&](Attribute attr) {
    auto target = dyn_cast_if_present<TargetAttr>(attr);
    if (target && target.getKind() == TargetKind::cuda)
      targets.push_back(getTarget(target));
  };
  if (module)
    if (auto all = module->getAttrOfType<ArrayAttr>(kTargetsAttrName))
      llvm::for_each(all, add);
  if (module && targets.empty())
    add(module->getAttr(kTargetAttrName));
  if (targets.empty())
    targets.push_back(GpuTarget());
  // "sm_90" before "sm_90a".
  llvm::sort(targets, [](const GpuTarget &x, const GpuTarget &y) {
    return std::tuple(x.computeCapability, x.arch.size()) <
           std::tuple(y.computeCapability, y.arch.size());
  });
  return targets;
}

GpuTarget attn::getCommonTarget(ArrayRef<GpuTarget> targets) {
  GpuTarget common = targets.front();
  for (const GpuTarget &target : targets.drop_front()) {
    common.computeCapability =
        std::min(common.computeCapability, target.computeCapability);
    // How much is to run side by side: enough for each.
    common.numSms = std::max(common.numSms, target.numSms);
    common.sharedBytes = std::min(common.sharedBytes, target.sharedBytes);
    common.hasWgmma &= target.hasWgmma;
  }
  return common;
}

SmallVector<KernelVariant>
attn::groupByKernel(ArrayRef<GpuTarget> targets,
                    function_ref<TileConfigAttr(const GpuTarget &)> choose) {
  SmallVector<KernelVariant> variants;
  for (const GpuTarget &target : targets) {
    TileConfigAttr config = choose(target);
    auto known = llvm::find_if(variants, [&](const KernelVariant &variant) {
      return variant.config == config;
    });
    if (known == variants.end())
      known = &variants.emplace_back(KernelVariant{config, {}});
    known->targets.push_back(target);
  }
  return variants;
}

/// Emits one variant before `end` and says for whom its launches are.
static LogicalResult emitVariant(
    RewriterBase &rewriter, const KernelVariant &variant,
    function_ref<LogicalResult(TileConfigAttr, const GpuTarget &)> emit) {
  Block *block = rewriter.getInsertionBlock();
  Operation *end = &*rewriter.getInsertionPoint();
  Operation *before = end->getPrevNode();
  if (failed(emit(variant.config, getCommonTarget(variant.targets))))
    return failure();
  SmallVector<StringRef> archs;
  for (const GpuTarget &target : variant.targets)
    archs.push_back(target.arch);
  ArrayAttr attr = rewriter.getStrArrayAttr(archs);
  for (Operation *op = before ? before->getNextNode() : &block->front();
       op != end; op = op->getNextNode())
    op->walk([&](gpu::LaunchOp launch) {
      launch->setDiscardableAttr(kArchsAttrName, attr);
    });
  return success();
}

LogicalResult attn::emitVariants(
    RewriterBase &rewriter, Location loc, ArrayRef<KernelVariant> variants,
    function_ref<LogicalResult(TileConfigAttr, const GpuTarget &)> emit) {
  if (variants.size() == 1)
    return emit(variants[0].config, getCommonTarget(variants[0].targets));
  OpBuilder::InsertionGuard guard(rewriter);
  for (const KernelVariant &variant : variants.drop_front()) {
    Value condition;
    for (const GpuTarget &target : variant.targets) {
      Value isThis =
          RunsOnOp::create(rewriter, loc, rewriter.getStringAttr(target.arch));
      condition = condition
                      ? arith::OrIOp::create(rewriter, loc, condition, isThis)
                            .getResult()
                      : isThis;
    }
    auto branch = scf::IfOp::create(rewriter, loc, condition,
                                    /*withElseRegion=*/true);
    rewriter.setInsertionPoint(branch.thenYield());
    if (failed(emitVariant(rewriter, variant, emit)))
      return failure();
    rewriter.setInsertionPoint(branch.elseYield());
  }
  return emitVariant(rewriter, variants.front(), emit);
}
