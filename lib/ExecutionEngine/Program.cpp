//===- lib/ExecutionEngine/Program.cpp - Compile and call -----------------===//
//
// Part of attn-mlir.
//
// Lowers a module in stages, compiles it and calls its function with values.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Program.h"

#include "Arena.h"
#include "InPlace.h"
#include "Stages.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;
using namespace mlir::attn;
using llvm::alignTo;
using llvm::createStringError;
using llvm::enumerate;
using llvm::Error;
using llvm::Expected;
using llvm::raw_ostream;
using llvm::zip_equal;

//===----------------------------------------------------------------------===//
// Compile
//===----------------------------------------------------------------------===//

/// Bytes of a memref descriptor of rank `rank`: two pointers, an offset, sizes
/// and strides.
static size_t descriptorBytes(int64_t rank) { return 8 * (3 + 2 * rank); }

Program::Program() = default;
Program::~Program() = default;

Expected<std::unique_ptr<Program>>
Program::compile(const Source &source, const CompileOptions &options) {
  StageDumper dumper(options.dumpStages);
  if (Error error = dumper.start())
    return error;
  OwningOpRef<ModuleOp> module(
      cast<ModuleOp>(source.func()->getParentOp()->clone()));
  std::unique_ptr<Program> program(new Program);
  if (Error error = lowerInStages(*module, options, dumper))
    return error;

  auto dumpLLVM = [&](const llvm::Module &llvmModule) {
    return dumper.write("optimized", "ll", [&](raw_ostream &os) {
      llvmModule.print(os, nullptr);
    });
  };
  JitOptions jitOptions;
  jitOptions.optLevel = options.optLevel;
  jitOptions.symbols = options.symbols;
  jitOptions.onOptimized = dumpLLVM;
  auto jit = Jit::create(*module, {source.function}, jitOptions);
  if (!jit)
    return jit.takeError();
  auto function = (*jit)->lookup(source.function);
  if (!function)
    return function.takeError();

  program->jit = std::move(*jit);
  program->function = *function;
  program->resultTypes = source.results;
  for (InoutPair pair : findInoutPairs(source.func()))
    program->updated.push_back(pair.argument);
  program->resultTypes.truncate(source.results.size() -
                                program->updated.size());
  size_t offset = 0;
  for (Type type : program->resultTypes) {
    size_t bytes = 8, alignment = 8;
    if (auto shaped = dyn_cast<ShapedType>(type))
      bytes = descriptorBytes(shaped.getRank());
    else
      bytes = alignment = ElementFormat::get(type)->bytes();
    offset = alignTo(offset, alignment);
    program->resultOffsets.push_back(offset);
    offset += bytes;
  }
  program->returned.resize(alignTo(offset, 8) + 8);
  return std::move(program);
}

//===----------------------------------------------------------------------===//
// Call
//===----------------------------------------------------------------------===//

void Program::bind(MutableArrayRef<TensorValue> inputs) {
  bound = inputs;
  fields.clear();
  packed.clear();
  size_t total = 0;
  for (const TensorValue &value : inputs)
    total += value.isScalar() ? 0 : 3 + 2 * value.shape().size();
  fields.reserve(total); // `packed` points into it.
  for (TensorValue &value : inputs) {
    if (value.isScalar()) {
      packed.push_back(value.data());
      continue;
    }
    auto field = [&](int64_t number) {
      fields.push_back(number);
      packed.push_back(&fields.back());
    };
    int64_t address = reinterpret_cast<intptr_t>(value.data());
    field(address);
    field(address);
    field(0);
    for (int64_t size : value.shape())
      field(size);
    for (unsigned d = 0; d < value.shape().size(); ++d) {
      int64_t stride = 1;
      for (int64_t size : value.shape().drop_front(d + 1))
        stride *= size;
      field(stride);
    }
  }
  packed.push_back(returned.data());
}

void Program::invoke() {
  arenaReset();
  function(packed.data());
}

/// Copies a strided array of `T`-sized elements to a dense one.
static void copyStrided(const char *from, char *to, unsigned bytes,
                        ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  if (sizes.empty()) {
    std::memcpy(to, from, bytes);
    return;
  }
  if (sizes.size() == 1 && strides.front() == 1) {
    std::memcpy(to, from, sizes.front() * bytes);
    return;
  }
  size_t inner = bytes;
  for (int64_t size : sizes.drop_front())
    inner *= size;
  for (int64_t i = 0; i < sizes.front(); ++i)
    copyStrided(from + i * strides.front() * bytes, to + i * inner, bytes,
                sizes.drop_front(), strides.drop_front());
}

Expected<SmallVector<TensorValue>> Program::results() const {
  SmallVector<TensorValue> values;
  for (auto [type, offset] : zip_equal(resultTypes, resultOffsets)) {
    const char *at = returned.data() + offset;
    auto shaped = dyn_cast<ShapedType>(type);
    SmallVector<int64_t> header;
    int64_t rank = 0;
    if (shaped) {
      rank = shaped.getRank();
      header.resize(3 + 2 * rank);
      std::memcpy(header.data(), at, descriptorBytes(rank));
    }
    ArrayRef<int64_t> sizes = ArrayRef(header).slice(shaped ? 3 : 0, rank);
    Expected<TensorValue> value =
        TensorValue::create(getElementTypeOrSelf(type), sizes, !shaped);
    if (!value)
      return value.takeError();
    unsigned bytes = value->format().bytes();
    if (!shaped) {
      std::memcpy(value->data(), at, bytes);
    } else if (value->numElements() != 0) {
      const char *data =
          reinterpret_cast<const char *>(static_cast<intptr_t>(header[1]));
      copyStrided(data + header[2] * bytes, value->data(), bytes, sizes,
                  ArrayRef(header).take_back(rank));
    }
    values.push_back(std::move(*value));
  }
  for (unsigned argument : updated)
    values.push_back(bound[argument].clone());
  return values;
}
