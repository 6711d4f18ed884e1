//===- lib/Target/GPU/EmulateGPUAssembly.cpp - Inline PTX -----------------===//
//
// Part of attn-mlir.
//
// The inline assembly that upstream and we write where there is no op.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"
#include "attn/Runtime/GpuEmulator.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::attn::emulate;

namespace {
/// `@predicate name operands;`
struct Statement {
  std::string predicate, name;
  SmallVector<std::string> operands;
};

/// The code of one op: its statements, and what its operands stand for.
class Assembly {
public:
  Assembly(LLVM::InlineAsmOp op);

  /// The value of `$n`, a number (then null) or a register of the code.
  Value valueOf(StringRef operand) const;
  std::optional<int64_t> numberOf(StringRef operand) const;
  /// The value `$n` has before the code, if it is a result.
  Value tiedTo(StringRef operand) const;
  /// The number of the result that `$n` is.
  std::optional<unsigned> resultOf(StringRef operand) const;

  SmallVector<Statement> statements;
  bool loops = false;
  llvm::StringMap<Value> registers;

private:
  Operation *op;
  unsigned numResults = 0;
  /// Constraints of inputs: those of results that they begin as are numbers.
  SmallVector<std::string> inputs;
};
} // namespace

/// Splits at commas outside of brackets and braces.
static SmallVector<std::string> splitOperands(StringRef text) {
  SmallVector<std::string> parts;
  int depth = 0;
  std::string part;
  for (char c : text) {
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    if (c == ',' && depth == 0) {
      parts.push_back(StringRef(part).trim().str());
      part.clear();
    } else {
      part += c;
    }
  }
  if (!StringRef(part).trim().empty())
    parts.push_back(StringRef(part).trim().str());
  return parts;
}

Assembly::Assembly(LLVM::InlineAsmOp op) : op(op) {
  for (StringRef constraint : llvm::split(op.getConstraints(), ',')) {
    if (constraint.starts_with("="))
      ++numResults;
    else if (!constraint.starts_with("~"))
      inputs.push_back(constraint.str());
  }
  std::string text;
  for (char c : op.getAsmString())
    text += llvm::isSpace(c) ? ' ' : c;
  StringRef rest = StringRef(text).trim();
  // Braces around everything only limit names.
  if (rest.consume_front("{"))
    rest.consume_back("}");
  while (!rest.empty()) {
    auto [line, next] = rest.split(';');
    rest = next.trim();
    line = line.trim();
    // A label.
    auto [label, behind] = line.split(": ");
    if (!behind.empty() && !label.contains(' '))
      line = behind.trim();
    if (line.ends_with(":") || line.empty() || line.starts_with(".reg"))
      continue;
    Statement statement;
    if (line.consume_front("@")) {
      auto [predicate, instruction] = line.split(' ');
      statement.predicate = predicate.str();
      line = instruction.trim();
    }
    auto [name, operands] = line.split(' ');
    if (name.starts_with("bra")) {
      loops = true;
      continue;
    }
    statement.name = name.str();
    statement.operands = splitOperands(operands);
    statements.push_back(statement);
  }
}

/// The n of `$n`.
static std::optional<unsigned> indexOf(StringRef operand) {
  unsigned index;
  if (!operand.consume_front("$") || operand.getAsInteger(10, index))
    return std::nullopt;
  return index;
}

std::optional<unsigned> Assembly::resultOf(StringRef operand) const {
  std::optional<unsigned> index = indexOf(operand);
  return index && *index < numResults ? index : std::nullopt;
}

Value Assembly::valueOf(StringRef operand) const {
  auto found = registers.find(operand);
  if (found != registers.end())
    return found->second;
  std::optional<unsigned> index = indexOf(operand);
  if (!index || *index < numResults ||
      *index - numResults >= op->getOperands().size())
    return Value();
  return op->getOperands()[*index - numResults];
}

std::optional<int64_t> Assembly::numberOf(StringRef operand) const {
  int64_t number;
  if (!operand.getAsInteger(0, number))
    return number;
  Value value = valueOf(operand);
  APInt constant;
  if (value && matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

Value Assembly::tiedTo(StringRef operand) const {
  std::optional<unsigned> index = resultOf(operand);
  if (!index)
    return Value();
  for (auto [i, constraint] : llvm::enumerate(inputs))
    if (constraint == std::to_string(*index) && i < op->getOperands().size())
      return op->getOperands()[i];
  return Value();
}

/// What is between brackets.
static StringRef addressIn(StringRef operand) {
  operand.consume_front("[");
  operand.consume_back("]");
  return operand.trim();
}

static std::optional<int> getElement(StringRef name) {
  int element = llvm::StringSwitch<int>(name)
                    .Case("f16", ATTN_ELEMENT_F16)
                    .Case("bf16", ATTN_ELEMENT_BF16)
                    .Case("tf32", ATTN_ELEMENT_TF32)
                    .Case("f32", ATTN_ELEMENT_F32)
                    .Case("e4m3", ATTN_ELEMENT_E4M3)
                    .Case("e5m2", ATTN_ELEMENT_E5M2)
                    .Case("s8", ATTN_ELEMENT_S8)
                    .Case("u8", ATTN_ELEMENT_U8)
                    .Case("s32", ATTN_ELEMENT_S32)
                    .Default(-1);
  return element < 0 ? std::nullopt : std::optional<int>(element);
}

/// `wgmma.mma_async.sync.aligned.m64nNkK.D.A.B {d}, a, b, p, ...`; the result,
/// or null.
static Value emulateWgmmaAssembly(FunctionEmulator &emulator,
                                  OpBuilder &builder, LLVM::InlineAsmOp op,
                                  const Assembly &assembly,
                                  const Statement &statement) {
  SmallVector<StringRef> parts;
  StringRef(statement.name).split(parts, '.');
  WgmmaShape shape;
  StringRef size = parts.size() == 8 ? parts[4] : "";
  auto d = getElement(parts.size() == 8 ? parts[5] : "");
  auto a = getElement(parts.size() == 8 ? parts[6] : "");
  auto b = getElement(parts.size() == 8 ? parts[7] : "");
  if (!size.consume_front("m64n") || size.consumeInteger(10, shape.n) || !d ||
      !a || !b || statement.operands.size() < 4 || op->getNumResults() != 1)
    return Value();
  shape.a = *a;
  shape.b = *b;
  shape.d = *d;
  auto listOf = [](StringRef text) {
    text.consume_front("{");
    text.consume_back("}");
    return splitOperands(text);
  };
  SmallVector<Value> accumulators, registersA;
  for (const std::string &name : listOf(statement.operands[0]))
    accumulators.push_back(assembly.tiedTo(name));
  int64_t flags = 0;
  Value descriptorA;
  if (StringRef(statement.operands[1]).starts_with("{")) {
    flags |= ATTN_WGMMA_REGISTERS_A;
    for (const std::string &name : listOf(statement.operands[1]))
      registersA.push_back(assembly.valueOf(name));
  } else {
    descriptorA = assembly.valueOf(statement.operands[1]);
    registersA.clear();
    if (!descriptorA)
      return Value();
  }
  Value descriptorB = assembly.valueOf(statement.operands[2]);
  bool complete = descriptorB && llvm::all_of(accumulators, [](Value v) {
                    return static_cast<bool>(v);
                  });
  for (Value value : registersA)
    complete &= static_cast<bool>(value);
  // What follows scale-d: scales of a and b, then transpositions.
  SmallVector<int64_t> immediates;
  for (const std::string &operand :
       ArrayRef(statement.operands).drop_front(4)) {
    std::optional<int64_t> number = assembly.numberOf(operand);
    complete &= number.has_value();
    immediates.push_back(number.value_or(0));
  }
  if (!complete)
    return Value();
  if (immediates.size() >= 2) {
    flags |= immediates[0] == -1 ? ATTN_WGMMA_NEGATE_A : 0;
    flags |= immediates[1] == -1 ? ATTN_WGMMA_NEGATE_B : 0;
  }
  if (immediates.size() == 4)
    flags |= (immediates[2] ? ATTN_WGMMA_TRANSPOSE_A : 0) |
             (immediates[3] ? ATTN_WGMMA_TRANSPOSE_B : 0);
  else if (immediates.size() == 3)
    flags |= immediates[2] ? ATTN_WGMMA_TRANSPOSE_B : 0;
  Location loc = op.getLoc();
  auto i32 = builder.getI32Type();
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(builder, loc, i32,
                                    builder.getI32IntegerAttr(value));
  };
  Value allFlags = constant(flags);
  const std::string &scaleD = statement.operands[3];
  if (std::optional<int64_t> number = assembly.numberOf(scaleD)) {
    allFlags = constant(flags | (*number ? ATTN_WGMMA_ACCUMULATE : 0));
  } else if (Value scale = assembly.valueOf(scaleD)) {
    Value zero =
        LLVM::ConstantOp::create(builder, loc, scale.getType(),
                                 builder.getIntegerAttr(scale.getType(), 0));
    Value accumulates = LLVM::ZExtOp::create(
        builder, loc, i32,
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, scale,
                             zero));
    allFlags = LLVM::OrOp::create(builder, loc, allFlags, accumulates);
  } else {
    return Value();
  }
  return emulator.emitWgmma(op, shape, allFlags, descriptorA, descriptorB,
                            registersA, accumulators,
                            op.getResult(0).getType());
}

LogicalResult FunctionEmulator::emulateAssembly(LLVM::InlineAsmOp op) {
  Assembly assembly(op);
  auto unknown = [&] {
    return op->emitOpError(
               "expects inline assembly that can be emulated, but got \"")
           << op.getAsmString() << '"';
  };
  Location loc = op.getLoc();
  Type i32Type = builder.getI32Type(), i64Type = builder.getI64Type();
  SmallVector<Value> results(1);
  // An address or number as a value.
  auto pointer = [&](StringRef text) -> Value {
    Value value = assembly.valueOf(addressIn(text));
    if (!value)
      return value;
    if (isa<LLVM::LLVMPointerType>(value.getType()))
      return plain(value);
    // A number: an address in shared memory.
    if (value.getType() != i64Type)
      value = LLVM::ZExtOp::create(builder, loc, i64Type, value);
    Value base = LLVM::PtrToIntOp::create(builder, loc, i64Type, sharedBase());
    Value address = LLVM::AddOp::create(builder, loc, base, value);
    return LLVM::IntToPtrOp::create(builder, loc, ptr, address);
  };
  auto integer = [&](StringRef text) -> Value {
    if (std::optional<int64_t> number = assembly.numberOf(text))
      return i32(*number);
    Value value = assembly.valueOf(text);
    return value ? toI32(value) : value;
  };
  auto as = [&](Value value, Type type) -> Value {
    if (value.getType() == type)
      return value;
    return LLVM::BitcastOp::create(builder, loc, type, value);
  };
  Type resultType = op->getNumResults() ? op.getResult(0).getType() : Type();
  bool isScalar = resultType && !isa<LLVM::LLVMStructType>(resultType);

  for (const Statement &statement : assembly.statements) {
    StringRef name = statement.name;
    ArrayRef<std::string> operands = statement.operands;
    size_t count = operands.size();
    if (!statement.predicate.empty()) {
      Value predicate = assembly.valueOf(statement.predicate);
      // Nothing behind a predicate may have a result.
      if (!predicate || resultType || assembly.statements.size() != 1)
        return unknown();
      beginPredicated(op, predicate);
    }
    if (name == "mov.u32" && count == 2 && operands[1] == "%ctaid.x" &&
        resultType == i32Type && assembly.statements.size() == 1) {
      emulateSpecialRegister(op, "ctaid.x");
      return success();
    }
    if (name.starts_with("setp.ne.") && count == 3 &&
        assembly.numberOf(operands[2]) == 0 && assembly.valueOf(operands[1])) {
      assembly.registers[operands[0]] = assembly.valueOf(operands[1]);
    } else if (name.starts_with("wgmma.mma_async.")) {
      Value result =
          emulateWgmmaAssembly(*this, builder, op, assembly, statement);
      if (!result || assembly.statements.back().name != statement.name)
        return unknown();
      results[0] = result;
    } else if (name == "fence.proxy.async" ||
               name.starts_with("fence.proxy.async.shared")) {
      call("attn_emulator_fence_async", Type(), {});
    } else if (name.starts_with("setmaxnreg.") && count == 1 &&
               assembly.numberOf(operands[0])) {
      call("attn_emulator_set_registers", Type(),
           {where(op), i32(*assembly.numberOf(operands[0])),
            i32(name.starts_with("setmaxnreg.inc."))});
    } else if (name.starts_with("fence.") || name.starts_with("membar.") ||
               name.starts_with("wgmma.fence.") ||
               name.starts_with("griddepcontrol.") ||
               name.starts_with("prefetch") || name.starts_with("nanosleep.")) {
      continue;
    } else if (name.starts_with("wgmma.commit_group")) {
      call("attn_emulator_wgmma_commit", Type(), {where(op)});
    } else if (name.starts_with("wgmma.wait_group") && count == 1 &&
               assembly.numberOf(operands[0])) {
      call("attn_emulator_wgmma_wait", Type(),
           {where(op), i32(*assembly.numberOf(operands[0]))});
    } else if ((name.starts_with("bar.arrive") ||
                name.starts_with("barrier.arrive") ||
                name.starts_with("barrier.cta.arrive")) &&
               count == 2 && integer(operands[0]) && integer(operands[1])) {
      call("attn_emulator_barrier_arrive", Type(),
           {where(op), integer(operands[0]), integer(operands[1])});
    } else if ((name.starts_with("bar.sync") ||
                name.starts_with("barrier.sync") ||
                name.starts_with("barrier.cta.sync")) &&
               count >= 1 && integer(operands[0]) &&
               (count == 1 || integer(operands[1]))) {
      call("attn_emulator_barrier", i32Type,
           {where(op), integer(operands[0]),
            count == 1 ? i32(0) : integer(operands[1]), i32(-1), i32(0)});
    } else if (name.starts_with("mbarrier.init.") && count == 2 &&
               pointer(operands[0]) && integer(operands[1])) {
      call("attn_emulator_mbarrier_init", Type(),
           {where(op), pointer(operands[0]), integer(operands[1])});
    } else if (name.starts_with("mbarrier.arrive.expect_tx.") && count == 3 &&
               operands[0] == "_" && pointer(operands[1]) &&
               integer(operands[2])) {
      call("attn_emulator_mbarrier_arrive", i64Type,
           {where(op), pointer(operands[1]), i32(1), integer(operands[2]),
            i32(0)});
    } else if (name.starts_with("mbarrier.arrive.") && count == 2 &&
               operands[0] == "_" && pointer(operands[1]) &&
               !name.contains("expect_tx") && !name.contains("cluster")) {
      call("attn_emulator_mbarrier_arrive", i64Type,
           {where(op), pointer(operands[1]), i32(1), i32(0), i32(0)});
    } else if ((name.starts_with("mbarrier.try_wait.parity") ||
                name.starts_with("mbarrier.test_wait.parity")) &&
               count >= 3 && pointer(operands[1]) && integer(operands[2])) {
      // One that is asked again until it is true may as well wait.
      bool blocking = assembly.loops || name.contains("try_wait");
      Value phase =
          LLVM::ZExtOp::create(builder, loc, i64Type, integer(operands[2]));
      assembly.registers[operands[0]] =
          call("attn_emulator_mbarrier_test", i32Type,
               {where(op), pointer(operands[1]), phase, i32(1), i32(blocking)});
    } else if (name.starts_with("selp.") && count == 4 && isScalar &&
               operands[0] == "$0" && assembly.numberOf(operands[1]) == 1 &&
               assembly.numberOf(operands[2]) == 0 &&
               assembly.valueOf(operands[3])) {
      results[0] = assembly.valueOf(operands[3]);
    } else if ((name == "cvt.rn.f16x2.f32" || name == "cvt.rn.bf16x2.f32") &&
               count == 3 && isScalar && operands[0] == "$0" &&
               assembly.valueOf(operands[1]) && assembly.valueOf(operands[2])) {
      // The first is the upper half.
      Type half = name.contains("bf16") ? Type(builder.getBF16Type())
                                        : Type(builder.getF16Type());
      Value pair =
          LLVM::UndefOp::create(builder, loc, VectorType::get({2}, half));
      for (int i = 0; i < 2; ++i) {
        Value full =
            as(assembly.valueOf(operands[2 - i]), builder.getF32Type());
        Value narrow = LLVM::FPTruncOp::create(builder, loc, half, full);
        pair =
            LLVM::InsertElementOp::create(builder, loc, pair, narrow, i32(i));
      }
      results[0] = as(pair, resultType);
    } else if (name.ends_with(".f32") && getMathFunction(name) >= 0 &&
               count == 2 && isScalar && operands[0] == "$0" &&
               assembly.valueOf(operands[1])) {
      int which = getMathFunction(name);
      if (name.contains(".ftz"))
        which |= ATTN_MATH_FTZ;
      Value argument = as(assembly.valueOf(operands[1]), builder.getF32Type());
      results[0] = as(call("attn_emulator_math", builder.getF32Type(),
                           {i32(which), argument}, /*pure=*/true),
                      resultType);
    } else {
      return unknown();
    }
  }
  // No code, that only ties its results to its operands: these they are.
  if (assembly.statements.empty() && isScalar) {
    results[0] = assembly.tiedTo("$0");
  } else if (assembly.statements.empty() && resultType) {
    results[0] = LLVM::UndefOp::create(builder, loc, resultType);
    auto fields = cast<LLVM::LLVMStructType>(resultType).getBody();
    for (int64_t i = 0, e = fields.size(); i < e; ++i) {
      Value field = assembly.tiedTo("$" + std::to_string(i));
      if (!field)
        return unknown();
      results[0] = LLVM::InsertValueOp::create(builder, loc, results[0], field,
                                               ArrayRef<int64_t>{i});
    }
  }
  if (resultType && (!results[0] || results[0].getType() != resultType))
    return unknown();
  replace(op, results[0]);
  return success();
}
