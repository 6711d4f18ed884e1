//===- WgmmaPrefill.cpp - Attention by warps with roles -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The launch, which block computes which rows, and the thread that fetches.
// What the other warpgroups do is in WgmmaPrefillSteps.cpp.
//
//===----------------------------------------------------------------------===//

#include "WgmmaPrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Keys and values of the heads whose rows blocks work on at a time are to stay
/// in the second-level cache, of 50 MiB on sm_90.
static constexpr int64_t kSectionBytes = int64_t(32) << 20;

LogicalResult attn::emitWgmmaPrefill(OpBuilder &builder,
                                     const AttentionStep &step,
                                     TileConfigAttr config,
                                     const GpuTarget &target) {
  AttentionInterface op = step.op;
  std::string reason = getWgmmaObstacle(step, target);
  if (!reason.empty())
    return op->emitOpError() << reason;
  FailureOr<WgmmaShape> shape = WgmmaShape::get(
      op.getHeadDim(), op.getHeadDimV(), config, target, reason);
  if (failed(shape))
    return op->emitOpError() << reason;
  auto local = dyn_cast<BlockLocalStepOp>(op.getOperation());
  if (local && local.getNumBlockRows() % shape->blockQ() != 0)
    return op->emitOpError("expects block_q to divide the rows of a block, ")
           << local.getNumBlockRows() << ", but got " << shape->blockQ();
  if (getBoxRows(op, shape->blockKv) == 0)
    return op->emitOpError("expects block_kv to divide the keys of a page or "
                           "to be a multiple of them, ")
           << getPageSize(op) << ", but got " << shape->blockKv;
  TileConfigAttr standIn = choosePrefillConfig(step, target);
  assert(standIn && "mma_sync takes what wgmma takes");
  FailureOr<PrefillShape> other = PrefillShape::get(
      op.getHeadDim(), op.getHeadDimV(), standIn, target, reason);
  assert(succeeded(other) && "the configuration was chosen for it");
  GpuBuilder b(op->getLoc(), builder, op.getAccumulatorType(), /*lanes=*/2);
  WgmmaPrefillKernel(b, step, *shape, target.numSms)
      .emit([&] { PrefillKernel(b, step, *other).emit(target); },
            [&](Value marks) {
              PrefillKernel(b, step, *other).emitMarked(marks);
            });
  return success();
}

static PrefillShape asPrefillShape(const WgmmaShape &shape) {
  return {shape.headDim,  shape.headDimV, shape.numConsumerWarps(),
          /*rowTiles=*/1, shape.blockKv,  shape.stages};
}

WgmmaPrefillKernel::WgmmaPrefillKernel(GpuBuilder &b, const AttentionStep &step,
                                       const WgmmaShape &shape, int64_t numSms)
    : PrefillKernel(b, step, asPrefillShape(shape)), wgmma(shape),
      numSms(numSms) {
  hasRoles = true;
  int64_t boxRows = getBoxRows(op, shape.blockKv);
  queryTensor = {op.getQuery(), shape.queryRows(), shape.blockQ(), {}};
  keyTensor = {op.getKey(), shape.keyRows(), boxRows, {}};
  valueTensor = {op.getValue(), shape.valueRows(), boxRows, {}};
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

void WgmmaPrefillKernel::emit(function_ref<void()> standIn,
                              function_ref<void(Value)> repair) {
  countRows(b.idx(1));
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  Value heads = b.mul(b.idx(sizes.batch), numHeads);
  Value seqLenKv = b.idx(sizes.seqLenKv);
  numWork = b.mul(heads, numTiles);
  gridSize = b.min(numWork, b.idx(numSms));
  sectionHeads = b.idx(1);
  if (op.getWindowRight() >= 0) {
    int64_t keyBytes = 2 * (shape.headDim + shape.headDimV);
    Value bytes = b.max(b.mul(seqLenKv, b.idx(keyBytes)), b.idx(1));
    Value kvHeads = b.max(b.div(b.idx(kSectionBytes), bytes), b.idx(1));
    sectionHeads = b.min(b.mul(kvHeads, group), b.max(heads, b.idx(1)));
  }
  // Tensors without elements have no descriptor.
  Value fits = getAlignment();
  OpFoldResult pages = getDim(b, b.getLoc(), op.getKey(), 0);
  for (Value size : {numWork, seqLenKv, b.idx(pages)})
    fits = b.both(fits, b.compare(CmpIPredicate::sgt, size, b.idx(0)));
  b.ifElse(
      TypeRange(), fits,
      [&] {
        if (element.mayExclude()) {
          auto type =
              MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic,
                               ShapedType::kDynamic},
                              b.getI32Type());
          Value perHead =
              b.div(b.add(seqLenQ, kMarkedRows - 1), b.idx(kMarkedRows));
          marks = memref::AllocOp::create(
              b, type, ValueRange{b.idx(sizes.batch), numHeads, perHead});
        }
        launch();
        if (marks)
          repair(marks);
        return SmallVector<Value>();
      },
      [&] {
        standIn();
        return SmallVector<Value>();
      });
}

Value WgmmaPrefillKernel::createMap(const Tensor &tensor) {
  auto type = cast<MemRefType>(tensor.memref.getType());
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  SmallVector<int64_t> box(4, 1);
  box[op.getSeqAxis()] = tensor.boxRows;
  box[3] = tensor.rows.panelColumns();
  auto inShared = MemRefType::get(box, type.getElementType(),
                                  MemRefLayoutAttrInterface(), space);
  auto swizzle =
      tensor.rows.rowBytes() == 128  ? nvgpu::TensorMapSwizzleKind::SWIZZLE_128B
      : tensor.rows.rowBytes() == 64 ? nvgpu::TensorMapSwizzleKind::SWIZZLE_64B
                                     : nvgpu::TensorMapSwizzleKind::SWIZZLE_32B;
  auto mapType = nvgpu::TensorMapDescriptorType::get(
      b.getContext(), inShared, swizzle,
      nvgpu::TensorMapL2PromoKind::L2PROMO_128B,
      nvgpu::TensorMapOOBKind::OOB_ZERO,
      nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE);
  Value unranked = memref::CastOp::create(
      b, UnrankedMemRefType::get(type.getElementType(), type.getMemorySpace()),
      tensor.memref);
  SmallVector<Value> sizes;
  for (int64_t size : box)
    sizes.push_back(b.idx(size));
  return nvgpu::TmaCreateDescriptorOp::create(b, mapType, unranked, sizes);
}

void WgmmaPrefillKernel::launch() {
  for (Tensor *tensor : {&queryTensor, &keyTensor, &valueTensor})
    tensor->map = createMap(*tensor);
  b.launch(gridSize, wgmma.threads(), wgmma.sharedBytes(),
           [&](GpuThread id) { emitBlock(id); });
}

//===----------------------------------------------------------------------===//
// One block
//===----------------------------------------------------------------------===//

void WgmmaPrefillKernel::emitBlock(GpuThread id) {
  Fragments fragments(b, type, id.thread);
  f = &fragments;
  wg.emplace(b, *f, type);
  block = f->toInt(id.block);
  shared = f->sharedMemory();
  sharedAddress = LLVM::PtrToIntOp::create(b, b.getI32Type(), shared);
  barriers = f->at(shared, wgmma.barrierOffset());
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  for (Tensor *tensor : {&queryTensor, &keyTensor, &valueTensor})
    tensor->map = UnrealizedConversionCastOp::create(b, pointer, tensor->map)
                      .getResult(0);

  role = wg->uniform(b.div(f->thread, f->integer(kWarpgroupSize)));
  b.ifThen(b.compare(CmpIPredicate::eq, f->thread, f->integer(0)),
           [&] { initBarriers(); });
  b.barrier();
  Value isProducer =
      b.compare(CmpIPredicate::eq, role, f->integer(wgmma.consumers));
  b.ifElse(
      TypeRange(), isProducer,
      [&] {
        produce();
        return SmallVector<Value>();
      },
      [&] {
        consume();
        return SmallVector<Value>();
      });
}

/// One thread fetches, and one of each warp that computes says that it is done.
void WgmmaPrefillKernel::initBarriers() {
  for (int64_t i = 0; i < wgmma.numBarriers(); ++i) {
    bool isEmpty = i % 2;
    wg->initBarrier(f->at(barriers, 8 * i),
                    isEmpty ? wgmma.numConsumerWarps() : 1);
  }
  wg->fenceBarriers();
}

// The barriers: full and empty of the queries, then full and empty of each
// stage of keys, then of values.
Value WgmmaPrefillKernel::barrierAt(int64_t first, Value stage) {
  return f->at(f->at(barriers, 8 * first), b.mul(stage, f->integer(16)));
}
Value WgmmaPrefillKernel::keyBarrier(bool isEmpty, Value stage) {
  return barrierAt(2 + isEmpty, stage);
}
Value WgmmaPrefillKernel::valueBarrier(bool isEmpty, Value stage) {
  return barrierAt(2 + 2 * wgmma.stages + isEmpty, stage);
}

Value WgmmaPrefillKernel::flip(Value parity) {
  return b.createOrFold<arith::XOrIOp>(parity, f->integer(1));
}

RingPlace WgmmaPrefillKernel::next(RingPlace place) {
  Value isLast =
      b.compare(CmpIPredicate::eq, place.stage, f->integer(wgmma.stages - 1));
  return {b.select(isLast, f->integer(0), b.add(place.stage, f->integer(1))),
          b.select(isLast, flip(place.parity), place.parity)};
}

Value WgmmaPrefillKernel::stageAt(bool isValue, Value stage) {
  int64_t first = isValue ? wgmma.valueOffset() : wgmma.keyOffset();
  int64_t bytes = (isValue ? wgmma.valueRows() : wgmma.keyRows()).bytes();
  return b.add(b.mul(stage, f->integer(bytes)), f->integer(first));
}

/// Tiles are numbered from the one with most keys on; every second time around
/// the blocks take them in reverse order, so that all have about as much to do.
SmallVector<Value> WgmmaPrefillKernel::forEachWork(
    ValueRange inits, function_ref<SmallVector<Value>(ValueRange)> body) {
  Value blocks = f->toInt(gridSize), count = f->toInt(numWork);
  Value one = f->integer(1);
  Value rounds = b.div(b.add(count, b.sub(blocks, one)), blocks);
  Value mirrored = b.sub(b.sub(blocks, one), block);
  return b.loop(
      f->integer(0), rounds, one, inits, [&](Value round, ValueRange carried) {
        Value isOdd =
            b.compare(CmpIPredicate::eq, b.rem(round, f->integer(2)), one);
        Value number =
            b.add(b.mul(round, blocks), b.select(isOdd, mirrored, block));
        return b.ifElse(
            carried.getTypes(), b.compare(CmpIPredicate::slt, number, count),
            [&] {
              findWork(number);
              return body(carried);
            },
            [&] { return SmallVector<Value>(carried); });
      });
}

void WgmmaPrefillKernel::findWork(Value number) {
  Value perHead = f->toInt(numTiles), heads = f->toInt(numHeads);
  Value inSection = f->toInt(sectionHeads);
  Value section = b.div(number, b.mul(inSection, perHead));
  Value first = b.mul(section, inSection);
  Value rest = b.sub(number, b.mul(first, perHead));
  // The last section may have fewer.
  Value all = b.div(f->toInt(numWork), perHead);
  inSection = b.min(inSection, b.sub(all, first));
  Value tile = b.div(rest, inSection);
  if (op.getWindowRight() >= 0)
    tile = b.sub(b.sub(perHead, f->integer(1)), tile);
  Value head = b.add(first, b.rem(rest, inSection));
  batch = f->toIndex(b.div(head, heads));
  firstHead = f->toIndex(b.rem(head, heads));
  kvHead = f->toIndex(b.div(f->toInt(firstHead), f->toInt(group)));
  firstRow = f->toIndex(b.mul(tile, f->integer(shape.blockQ())));
  lastRow = b.sub(b.min(b.add(firstRow, shape.blockQ()), numRows), b.idx(1));
  orderTiles();
}

//===----------------------------------------------------------------------===//
// The thread that fetches
//===----------------------------------------------------------------------===//

std::pair<Value, Value> WgmmaPrefillKernel::findPage(const Tensor &tensor,
                                                     Value row) {
  Value pageSize = f->integer(getPageSize(op));
  Value table = op.getPageTable();
  // Behind the last page, and where the table is wrong, another page is read:
  // nobody sees what is there, or nobody can say what they should.
  auto clamp = [&](Value x, Value size) {
    Value last = b.sub(f->toInt(size), f->integer(1));
    return b.max(f->integer(0), b.min(x, last));
  };
  Value entry =
      clamp(b.div(row, pageSize), b.idx(getDim(b, b.getLoc(), table, 1)));
  Value page = b.load(table, {batch, f->toIndex(entry)});
  page = clamp(page, b.idx(getDim(b, b.getLoc(), tensor.memref, 0)));
  return {page, b.rem(row, pageSize)};
}

void WgmmaPrefillKernel::copyTile(const Tensor &tensor, Value to, Value row,
                                  Value head, Value barrier) {
  wg->arriveExpecting(barrier, tensor.rows.bytes());
  bool isPool = op.isPaged() && tensor.memref != op.getQuery();
  for (int64_t box = 0; box < tensor.rows.numRows; box += tensor.boxRows) {
    // Innermost first.
    SmallVector<Value> at(4);
    Value first = b.add(row, f->integer(box));
    at[3] = f->toInt(batch);
    if (isPool)
      std::tie(at[3], first) = findPage(tensor, first);
    at[3 - op.getSeqAxis()] = first;
    at[3 - op.getHeadAxis()] = head;
    for (int64_t panel = 0; panel < tensor.rows.numPanels(); ++panel) {
      at[0] = f->integer(panel * tensor.rows.panelColumns());
      int64_t offset =
          panel * tensor.rows.panelBytes() + box * tensor.rows.rowBytes();
      wg->copyBox(f->at(to, offset), tensor.map, at, barrier);
    }
  }
}

void WgmmaPrefillKernel::fetchTile(bool isValue, Value tile, RingPlace place) {
  auto barrier = [&](bool isEmpty) {
    return isValue ? valueBarrier(isEmpty, place.stage)
                   : keyBarrier(isEmpty, place.stage);
  };
  wg->wait(barrier(/*isEmpty=*/true), flip(place.parity));
  copyTile(isValue ? valueTensor : keyTensor,
           f->at(shared, stageAt(isValue, place.stage)),
           b.mul(tile, f->integer(shape.blockKv)), f->toInt(kvHead),
           barrier(/*isEmpty=*/false));
}

void WgmmaPrefillKernel::produce() {
  wg->setRegisters(wgmma.producerRegisters(), /*isMore=*/false);
  Value isFetching = b.compare(CmpIPredicate::eq, f->thread,
                               f->integer(wgmma.numConsumerThreads()));
  b.ifThen(isFetching, [&] {
    for (const Tensor &tensor : {queryTensor, keyTensor, valueTensor})
      wg->prefetchMap(tensor.map);
    Value zero = f->integer(0), one = f->integer(1);
    forEachWork({zero, zero, zero}, [&](ValueRange carried) {
      Value hasKeys = b.compare(CmpIPredicate::sgt, tiles.count, zero);
      return b.ifElse(
          carried.getTypes(), hasKeys,
          [&] {
            RingPlace place = {carried[0], carried[1]};
            fetchTile(/*isValue=*/false, tileAt(zero), place);
            wg->wait(queryBarrier(/*isEmpty=*/true), flip(carried[2]));
            copyTile(queryTensor, shared, f->toInt(firstRow),
                     f->toInt(firstHead), queryBarrier(/*isEmpty=*/false));
            // Keys are multiplied one tile ahead of values.
            SmallVector<Value> last = b.loop(
                zero, tiles.count, one, {place.stage, place.parity},
                [&](Value index, ValueRange carried) {
                  RingPlace mine = {carried[0], carried[1]};
                  RingPlace after = next(mine);
                  Value ahead = b.add(index, one);
                  b.ifThen(b.compare(CmpIPredicate::slt, ahead, tiles.count),
                           [&] {
                             fetchTile(/*isValue=*/false, tileAt(ahead), after);
                           });
                  fetchTile(/*isValue=*/true, tileAt(index), mine);
                  return SmallVector<Value>{after.stage, after.parity};
                });
            last.push_back(flip(carried[2]));
            return last;
          },
          [&] { return SmallVector<Value>(carried); });
    });
  });
}
