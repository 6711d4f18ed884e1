//===- SoftFloat.cpp - Conversions processors lack ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Builds conversions between 16-bit and wider floats from integer arithmetic
// and f64 additions. lib/Runtime/FloatConversions.cpp is the same in C++.
//
//===----------------------------------------------------------------------===//

#include "SoftFloat.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace {
enum class Conversion { None, Narrow, Widen };

/// What one conversion does.
struct Signature {
  Conversion conversion = Conversion::None;
  Type *from = nullptr, *to = nullptr;
};
} // namespace

static Signature getSignature(LLVMContext &context, StringRef name) {
  Type *f16 = Type::getHalfTy(context), *bf16 = Type::getBFloatTy(context);
  Type *f32 = Type::getFloatTy(context), *f64 = Type::getDoubleTy(context);
  return StringSwitch<Signature>(name)
      .Case("__truncsfhf2", {Conversion::Narrow, f32, f16})
      .Case("__truncdfhf2", {Conversion::Narrow, f64, f16})
      .Case("__truncsfbf2", {Conversion::Narrow, f32, bf16})
      .Case("__truncdfbf2", {Conversion::Narrow, f64, bf16})
      .Case("__extendhfsf2", {Conversion::Widen, f16, f32})
      .Default({});
}

/// The bits of `value`, an f32 or f64, in a 16-bit format, rounded once to
/// nearest even. All cases are computed and one is selected.
static Value *narrow(IRBuilder<> &builder, Value *value, bool isBFloat) {
  Type *i16 = builder.getInt16Ty(), *i64 = builder.getInt64Ty();
  Type *f64 = builder.getDoubleTy();
  int64_t mantissaBits = isBFloat ? 7 : 10;
  int64_t exponentBits = 15 - mantissaBits;
  int64_t bias = (1 << (exponentBits - 1)) - 1;
  uint64_t infinity = ((UINT64_C(1) << exponentBits) - 1) << mantissaBits;
  // f32 to f64 is exact: there is one rounding.
  Value *bits = builder.CreateBitCast(builder.CreateFPExt(value, f64), i64);
  Value *magnitude =
      builder.CreateAnd(bits, builder.getInt64(~(UINT64_C(1) << 63)));
  Value *sign = builder.CreateTrunc(builder.CreateLShr(bits, 48), i16);
  sign = builder.CreateAnd(sign, builder.getInt16(0x8000));

  // Subnormals: the sum's last place is the smallest one, the addition rounds.
  uint64_t magic = static_cast<uint64_t>(1 - bias - mantissaBits + 52 + 1023)
                   << 52;
  Value *magicBits = builder.getInt64(magic);
  Value *sum = builder.CreateFAdd(builder.CreateBitCast(magnitude, f64),
                                  builder.CreateBitCast(magicBits, f64));
  Value *subnormal =
      builder.CreateSub(builder.CreateBitCast(sum, i64), magicBits);

  int64_t shift = 52 - mantissaBits;
  Value *odd = builder.CreateAnd(builder.CreateLShr(magnitude, shift), 1);
  Value *rounded =
      builder.CreateAdd(builder.CreateAdd(magnitude, odd),
                        builder.getInt64((UINT64_C(1) << (shift - 1)) - 1));
  Value *normal = builder.CreateSub(
      builder.CreateLShr(rounded, shift),
      builder.getInt64(static_cast<uint64_t>(1023 - bias) << mantissaBits));
  Value *infinityBits = builder.getInt64(infinity);
  normal = builder.CreateSelect(builder.CreateICmpULT(normal, infinityBits),
                                normal, infinityBits);

  Value *isSubnormal = builder.CreateICmpULT(
      magnitude,
      builder.getInt64(static_cast<uint64_t>(1 - bias + 1023) << 52));
  Value *isNaN =
      builder.CreateICmpUGT(magnitude, builder.getInt64(UINT64_C(0x7ff) << 52));
  Value *result = builder.CreateSelect(isSubnormal, subnormal, normal);
  result = builder.CreateSelect(
      isNaN, builder.getInt64(infinity | UINT64_C(1) << (mantissaBits - 1)),
      result);
  return builder.CreateOr(builder.CreateTrunc(result, i16), sign);
}

/// The f32 of an f16.
static Value *widen(IRBuilder<> &builder, Value *value) {
  Type *i32 = builder.getInt32Ty(), *f32 = builder.getFloatTy();
  Value *bits = builder.CreateZExt(
      builder.CreateBitCast(value, builder.getInt16Ty()), i32);
  Value *sign =
      builder.CreateShl(builder.CreateAnd(bits, builder.getInt32(0x8000)), 16);
  Value *exponentAndMantissa =
      builder.CreateAnd(bits, builder.getInt32(0x7fff));
  Value *magnitude = builder.CreateShl(exponentAndMantissa, 13);
  // 2^112 moves the exponent and normalises subnormals, exactly.
  Value *scaled = builder.CreateFMul(builder.CreateBitCast(magnitude, f32),
                                     ConstantFP::get(f32, 0x1p112));
  Value *special = builder.CreateOr(magnitude, builder.getInt32(0x7f800000));
  Value *isSpecial =
      builder.CreateICmpUGE(exponentAndMantissa, builder.getInt32(0x7c00));
  Value *result = builder.CreateSelect(isSpecial, special,
                                       builder.CreateBitCast(scaled, i32));
  return builder.CreateBitCast(builder.CreateOr(result, sign), f32);
}

bool mlir::attn::defineSoftFloat(Module &module, StringRef name) {
  LLVMContext &context = module.getContext();
  Signature signature = getSignature(context, name);
  if (signature.conversion == Conversion::None)
    return false;
  Function *function = module.getFunction(name);
  if (!function)
    function = Function::Create(
        llvm::FunctionType::get(signature.to, {signature.from}, false),
        GlobalValue::LinkOnceODRLinkage, name, module);
  if (!function->isDeclaration())
    return true;
  function->setLinkage(GlobalValue::LinkOnceODRLinkage);
  function->setVisibility(GlobalValue::HiddenVisibility);
  function->setDSOLocal(true);
  function->setDoesNotThrow();
  // The calls appear after the last pass that counts uses.
  appendToCompilerUsed(module, {function});
  IRBuilder<> builder(BasicBlock::Create(context, "entry", function));
  llvm::Value *value = function->getArg(0);
  builder.CreateRet(
      signature.conversion == Conversion::Widen
          ? widen(builder, value)
          : builder.CreateBitCast(
                narrow(builder, value, signature.to->isBFloatTy()),
                signature.to));
  return true;
}
