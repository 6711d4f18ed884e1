//===- WgmmaPrefillSteps.cpp - The warpgroups that compute ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A warpgroup multiplies queries by a tile of keys while its last powers are
// multiplied by values, and finds powers while that goes on; meanwhile another
// one's products occupy the tensor cores.
//
//===----------------------------------------------------------------------===//

#include "WgmmaPrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Numbers along k that one wgmma multiplies.
static constexpr int64_t kStep = 16;
/// Barriers of a block: 0 is that of all threads, then the turns and the
/// warpgroups' own.
static constexpr int64_t kFirstTurn = 1, kFirstOwn = 4;

SmallVector<Value> WgmmaPrefillKernel::Pipeline::flat() const {
  SmallVector<Value> all = state.flat();
  llvm::append_range(all, powers);
  all.append({place.stage, place.parity});
  return all;
}

WgmmaPrefillKernel::Pipeline WgmmaPrefillKernel::unflatten(ValueRange values) {
  Pipeline pipeline;
  pipeline.place = {values[values.size() - 2], values.back()};
  values = values.drop_back(2);
  int64_t numPowers = wgmma.blockKv / 4;
  pipeline.powers = llvm::to_vector(values.take_back(numPowers));
  pipeline.state = PrefillState::from(values.drop_back(numPowers), shape);
  return pipeline;
}

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

void WgmmaPrefillKernel::takeTurn() {
  wg->barrier(b.add(role, f->integer(kFirstTurn)), 2 * kWarpgroupSize);
}

void WgmmaPrefillKernel::passTurn() {
  Value isLast =
      b.compare(CmpIPredicate::eq, role, f->integer(wgmma.consumers - 1));
  Value other = b.select(isLast, f->integer(kFirstTurn),
                         b.add(role, f->integer(kFirstTurn + 1)));
  wg->arriveAtBarrier(other, 2 * kWarpgroupSize);
}

/// Says that this warp is done with what `barrier` guards.
void WgmmaPrefillKernel::release(Value barrier) {
  b.ifThen(b.compare(CmpIPredicate::eq, f->lane, f->integer(0)),
           [&] { wg->arrive(barrier); });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Value WgmmaPrefillKernel::multiplyKeys(RingPlace place) {
  SwizzledRows rows = wgmma.keyRows();
  Value keys = wg->describe(
      b.add(sharedAddress, stageAt(/*isValue=*/false, place.stage)), rows,
      /*transposed=*/false);
  wg->fence();
  Value sums;
  for (int64_t column = 0; column < shape.headDim; column += kStep) {
    int64_t panel = column / rows.panelColumns();
    int64_t inPanel = column % rows.panelColumns() * 2;
    int64_t queryPanel = panel * wgmma.queryRows().panelBytes();
    sums = wg->multiplyShared(
        wg->advance(queryDescriptor, queryPanel + inPanel),
        wg->advance(keys, panel * rows.panelBytes() + inPanel), sums,
        wgmma.blockKv);
  }
  wg->commit();
  return sums;
}

void WgmmaPrefillKernel::multiplyValues(ArrayRef<Value> powers, RingPlace place,
                                        SmallVector<Sums> &outputs) {
  SwizzledRows rows = wgmma.valueRows();
  Value values =
      wg->describe(b.add(sharedAddress, stageAt(/*isValue=*/true, place.stage)),
                   rows, /*transposed=*/true);
  wg->fence();
  for (int64_t step = 0; step < wgmma.blockKv / kStep; ++step)
    wg->multiplyRegisters(powers.slice(4 * step, 4),
                          wg->advance(values, step * kStep * rows.rowBytes()),
                          outputs);
  wg->commit();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

std::array<Value, 2> WgmmaPrefillKernel::takePowers(SmallVector<Sums> scores,
                                                    Value tile, bool isMasked,
                                                    Pipeline &pipeline) {
  PrefillState &state = pipeline.state;
  SmallVector<SmallVector<Sums>> rowTile = {std::move(scores)};
  softmax(rowTile, state, b.mul(tile, f->integer(shape.blockKv)), isMasked);
  std::array<Value, 2> decay;
  for (int64_t half = 0; half < 2; ++half)
    decay[half] = addPowers(*f, b, rowTile[0], half, state.maxima[0][half],
                            state.sums[0][half],
                            isScaledLate ? factor : Value(), negFactor);
  pipeline.powers = pack(rowTile[0]);
  return decay;
}

/// The sums of a product are, rounded, the left operand of the next one.
SmallVector<Value> WgmmaPrefillKernel::pack(const SmallVector<Sums> &powers) {
  SmallVector<Value> words;
  for (const Sums &four : powers)
    words.append({f->pack(four[0], four[1]), f->pack(four[2], four[3])});
  return words;
}

void WgmmaPrefillKernel::clearValues(Value tile, RingPlace place) {
  Value first = b.mul(tile, f->integer(shape.blockKv));
  Value end = b.add(first, f->integer(shape.blockKv));
  Value isCut = b.either(b.compare(CmpIPredicate::slt, first, tiles.lo),
                         b.compare(CmpIPredicate::sgt, end, tiles.hi));
  b.ifThen(isCut, [&] {
    wg->wait(valueBarrier(/*isEmpty=*/false, place.stage), place.parity);
    // All that compute write the same zeros, each before it reads.
    SwizzledRows rows = wgmma.valueRows();
    Value mine = b.rem(f->thread, f->integer(kWarpgroupSize));
    Value begin = f->at(shared, stageAt(/*isValue=*/true, place.stage));
    auto zeros = VectorType::get(4, b.getI32Type());
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(zeros));
    for (int64_t pass = 0; pass < shape.blockKv; pass += kWarpgroupSize) {
      Value row = b.add(mine, f->integer(pass));
      Value key = b.add(first, row);
      Value isHidden = b.either(b.compare(CmpIPredicate::slt, key, tiles.lo),
                                b.compare(CmpIPredicate::sge, key, tiles.hi));
      if (pass + kWarpgroupSize > shape.blockKv)
        isHidden = b.both(isHidden, b.compare(CmpIPredicate::slt, row,
                                              f->integer(shape.blockKv)));
      b.ifThen(isHidden, [&] {
        Value to = f->at(begin, b.mul(row, f->integer(rows.rowBytes())));
        for (int64_t panel = 0; panel < rows.numPanels(); ++panel)
          for (int64_t byte = 0; byte < rows.rowBytes(); byte += 16)
            LLVM::StoreOp::create(
                b, zero, f->at(to, panel * rows.panelBytes() + byte), 16);
      });
    }
    wg->fenceSharedMemory();
    wg->barrier(b.add(role, f->integer(kFirstOwn)), kWarpgroupSize);
  });
}

SmallVector<Value> WgmmaPrefillKernel::computeStep(Value index,
                                                   ValueRange carried,
                                                   bool isMasked) {
  Pipeline last = unflatten(carried);
  Pipeline now = last;
  now.place = next(last.place);
  Value tile = isMasked ? tileAt(index) : fullTileAt(index);
  SmallVector<Sums> &outputs = now.state.outputs[0];

  wg->wait(keyBarrier(/*isEmpty=*/false, now.place.stage), now.place.parity);
  takeTurn();
  Value products = multiplyKeys(now.place);
  wg->wait(valueBarrier(/*isEmpty=*/false, last.place.stage),
           last.place.parity);
  multiplyValues(last.powers, last.place, outputs);
  passTurn();

  wg->waitForGroups(1);
  SmallVector<Sums> scores = wg->unpack(products, wgmma.blockKv);
  wg->settle(scores);
  release(keyBarrier(/*isEmpty=*/true, now.place.stage));
  std::array<Value, 2> decay =
      takePowers(std::move(scores), tile, isMasked, now);
  // Positions take the registers that this would, of wide rows.
  if (!isMasked || shape.headDimV <= 128)
    wg->computeBeforeWait(now.state.sums[0]);

  wg->waitForGroups(0);
  wg->settle(outputs, last.powers);
  release(valueBarrier(/*isEmpty=*/true, last.place.stage));
  for (int64_t half = 0; half < 2; ++half)
    rescale(b, outputs, half, decay[half]);
  if (isMasked)
    clearValues(tile, now.place);
  return now.flat();
}

SmallVector<Value> WgmmaPrefillKernel::computeWork(ValueRange carried) {
  findRows(/*withKeys=*/true);
  Value zero = f->integer(0), one = f->integer(1);
  Value none = b.negInf(b.floatType), nothing = b.number(0.0, b.floatType);
  Pipeline pipeline;
  PrefillState &state = pipeline.state;
  state.outputs.push_back(SmallVector<Sums>(shape.headDimV / 8, f->zeros()));
  state.maxima.push_back({none, none});
  state.sums.push_back({nothing, nothing});

  SmallVector<Value> inits = state.flat();
  llvm::append_range(inits, carried);
  Value hasKeys = b.compare(CmpIPredicate::sgt, tiles.count, zero);
  auto compute = [&] {
    pipeline.place = {carried[0], carried[1]};
    Value queryParity = carried[2];
    wg->wait(queryBarrier(/*isEmpty=*/false), queryParity);

    // The first tile has nothing to overlap with.
    wg->wait(keyBarrier(/*isEmpty=*/false, pipeline.place.stage),
             pipeline.place.parity);
    takeTurn();
    Value products = multiplyKeys(pipeline.place);
    passTurn();
    wg->waitForGroups(0);
    SmallVector<Sums> scores = wg->unpack(products, wgmma.blockKv);
    wg->settle(scores);
    release(keyBarrier(/*isEmpty=*/true, pipeline.place.stage));
    Value tile = tileAt(zero);
    takePowers(std::move(scores), tile, /*isMasked=*/true, pipeline);
    clearValues(tile, pipeline.place);

    SmallVector<Value> values = pipeline.flat();
    Value firstFull = b.max(one, tiles.numMasked);
    values = b.loop(one, tiles.numMasked, one, values,
                    [&](Value index, ValueRange carried) {
                      return computeStep(index, carried, /*isMasked=*/true);
                    });
    values = b.loop(firstFull, tiles.count, one, values,
                    [&](Value index, ValueRange carried) {
                      return computeStep(index, carried, /*isMasked=*/false);
                    });
    release(queryBarrier(/*isEmpty=*/true));

    Pipeline last = unflatten(values);
    SmallVector<Sums> &outputs = last.state.outputs[0];
    wg->wait(valueBarrier(/*isEmpty=*/false, last.place.stage),
             last.place.parity);
    multiplyValues(last.powers, last.place, outputs);
    wg->waitForGroups(0);
    wg->settle(outputs, last.powers);
    release(valueBarrier(/*isEmpty=*/true, last.place.stage));

    SmallVector<Value> results = last.state.flat();
    RingPlace after = next(last.place);
    results.append({after.stage, after.parity, flip(queryParity)});
    return results;
  };
  SmallVector<Value> results = b.ifElse(ValueRange(inits).getTypes(), hasKeys,
                                        compute, [&] { return inits; });
  PrefillState end =
      PrefillState::from(ValueRange(results).drop_back(3), shape);
  findRows(/*withKeys=*/false);
  writeRows(end);
  if (marks)
    markRows(end.outputs[0]);
  return llvm::to_vector(ArrayRef<Value>(results).take_back(3));
}

void WgmmaPrefillKernel::markRows(const SmallVector<Sums> &outputs) {
  Value zero = b.number(0.0, b.floatType), sum = zero;
  for (const Sums &four : outputs)
    for (Value x : four)
      sum = b.fma(x, zero, sum);
  Value isFinite = b.fcompare(arith::CmpFPredicate::OEQ, sum, zero);
  Value mark = b.select(isFinite, f->integer(0), f->integer(1));
  mark = b.allReduce(mark, kWarpSize, [&](Value x, Value y) {
    return b.createOrFold<arith::OrIOp>(x, y);
  });
  // The first lane has the first of the warp's rows.
  const Row &row = rows[0][0];
  Value isWriter =
      b.both(row.exists, b.compare(CmpIPredicate::eq, f->lane, f->integer(0)));
  b.ifThen(isWriter, [&] { b.store(mark, marks, markAt(row)); });
}

void WgmmaPrefillKernel::consume() {
  wg->setRegisters(wgmma.consumerRegisters(), /*isMore=*/true);
  factor = element.getFactor();
  negFactor = b.fsub(b.number(0.0, b.floatType), factor);
  queryDescriptor =
      wg->describe(b.add(sharedAddress,
                         b.mul(role, f->integer(kWarpgroupRows *
                                                wgmma.queryRows().rowBytes()))),
                   wgmma.queryRows(), /*transposed=*/false);
  // The last lets the first begin, and the first takes back the last turn.
  auto is = [&](int64_t number) {
    return b.compare(CmpIPredicate::eq, role, f->integer(number));
  };
  b.ifThen(is(wgmma.consumers - 1), [&] { passTurn(); });
  Value zero = f->integer(0);
  forEachWork({zero, zero, zero},
              [&](ValueRange carried) { return computeWork(carried); });
  b.ifThen(is(0), [&] { takeTurn(); });
}
