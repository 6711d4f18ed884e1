//===- lib/ExecutionEngine/CompileFlags.cpp - What to make ----------------===//
//
// Part of attn-mlir.
//
// Checks the flags of attn-compile against each other.
//
//===----------------------------------------------------------------------===//

#include "CompileFlags.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir::attn;

namespace {
/// A kind, its name for `--emit` and its suffix.
struct KindName {
  OutputKind kind;
  StringRef emit, suffix;
};
} // namespace

static const KindName kKinds[] = {
    {OutputKind::MLIR, "mlir", ".mlir"},    {OutputKind::LLVMIR, "llvm", ".ll"},
    {OutputKind::Assembly, "asm", ".s"},    {OutputKind::Object, "obj", ".o"},
    {OutputKind::Shared, "lib", ".so"},     {OutputKind::PTX, "ptx", ".ptx"},
    {OutputKind::Cubin, "cubin", ".cubin"},
};

static Expected<OutputKind> chooseKind(const CompileFileOptions &options) {
  StringRef suffix = sys::path::extension(options.output);
  const KindName *bySuffix = find_if(
      kKinds, [&](const KindName &name) { return name.suffix == suffix; });
  if (options.emit.empty()) {
    if (bySuffix == std::end(kKinds))
      return createStringError(
          "-o " + options.output +
          ": nothing says what to make; end the name in .o, .so, .s, .ll, "
          ".mlir, .ptx or .cubin, or give --emit");
    return bySuffix->kind;
  }
  const KindName *byName = find_if(
      kKinds, [&](const KindName &name) { return name.emit == options.emit; });
  if (byName == std::end(kKinds))
    return createStringError(
        "--emit=" + options.emit +
        ": expected mlir, llvm, asm, obj, lib, ptx or cubin");
  if (bySuffix != std::end(kKinds) && bySuffix != byName)
    return createStringError("--emit=" + options.emit + " and -o " +
                             options.output + " disagree: " + suffix +
                             " is the suffix of --emit=" + bySuffix->emit);
  return byName->kind;
}

Expected<OutputKind>
mlir::attn::chooseOutput(const CompileFileOptions &options) {
  if (options.file.empty())
    return createStringError(
        "no input file; usage: attn-compile IN.mlir -o OUT");
  if (options.output.empty())
    return createStringError("no output; name it with -o OUT");
  Expected<OutputKind> kind = chooseKind(options);
  if (!kind)
    return kind;
  bool isGpu = *kind == OutputKind::PTX || *kind == OutputKind::Cubin;
  StringRef target = options.target;
  if (!target.empty() && target != "cpu" && target != "cuda" &&
      target != "cuda-emulated")
    return createStringError("--target=" + target +
                             ": expected cpu, cuda or cuda-emulated");
  if (target == "cuda-emulated" && *kind != OutputKind::MLIR)
    return createStringError("--target=cuda-emulated: the emulator is in "
                             "attn-run; only .mlir can be written");
  if (target == "cuda-emulated" && StringRef(options.arch).contains(','))
    return createStringError("--target=cuda-emulated: one GPU is emulated, but "
                             "--arch=" +
                             options.arch + " names several");
  if (isGpu && target == "cpu")
    return createStringError("-o " + options.output +
                             ": code for GPUs needs --target=cuda");
  bool isCuda = isGpu || target.starts_with("cuda");
  if (!options.arch.empty() && !isCuda)
    return createStringError("--arch=" + options.arch +
                             ": names GPUs, for --target=cuda; processors are "
                             "chosen with --mcpu");
  if (isGpu && StringRef(options.arch).contains(','))
    return createStringError("-o " + options.output +
                             ": holds code for one "
                             "GPU, but --arch=" +
                             options.arch +
                             " names several; an object (.o, .so) holds all");
  if (isGpu && !options.header.empty())
    return createStringError("--header=" + options.header +
                             ": declares functions of the host, which " +
                             options.output + " has not got");
  if (isCuda && options.freestanding)
    return createStringError("--freestanding: kernels are launched by the "
                             "NVIDIA driver, which needs a C library");
  if (isCuda && options.distribute)
    return createStringError("--distribute: ranks run on processors; compile "
                             "with --target=cpu");
  if (options.freestanding && *kind == OutputKind::Shared)
    return createStringError(
        "--freestanding: a shared object has threads, which need a C library; "
        "make an object (.o)");
  if (options.freestanding && *kind == OutputKind::MLIR)
    return createStringError(
        "--freestanding: changes nothing about MLIR; use it with .o, .s or "
        ".ll");
  if (!options.header.empty() && options.header == options.output)
    return createStringError("--header=" + options.header +
                             ": is the output, too");
  return kind;
}
