//===- Ptxas.cpp - NVIDIA's assembler -------------------------------------===//
//
// Part of attn-mlir.
//
// Calls ptxas and understands what it says.
//
//===----------------------------------------------------------------------===//

#include "Ptxas.h"

#include "attn/Support/Processes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
namespace sys = llvm::sys;

const llvm::StringLiteral attn::kNoPtxas =
    "there is no ptxas in PATH, nor in bin of CUDA_HOME, CUDA_ROOT or "
    "CUDA_PATH";

std::optional<std::string> attn::findPtxas() {
  if (llvm::ErrorOr<std::string> path = sys::findProgramByName("ptxas"))
    return *path;
  for (const char *variable : {"CUDA_HOME", "CUDA_ROOT", "CUDA_PATH"}) {
    std::optional<std::string> root = sys::Process::GetEnv(variable);
    if (!root || root->empty())
      continue;
    SmallString<128> path(*root);
    sys::path::append(path, "bin", "ptxas");
    if (sys::fs::can_execute(path))
      return path.str().str();
  }
  return std::nullopt;
}

/// The number before `unit` in `text`, or 0.
static int64_t numberBefore(StringRef text, StringRef unit) {
  size_t at = text.find((" " + unit).str());
  if (at == StringRef::npos)
    return 0;
  StringRef digits = text.take_front(at);
  digits = digits.take_back(digits.size() -
                            (digits.find_last_not_of("0123456789") + 1));
  int64_t number = 0;
  (void)digits.getAsInteger(10, number);
  return number;
}

/// The text between the first two quotes of `line`.
static StringRef quoted(StringRef line) {
  return line.split('\'').second.split('\'').first;
}

void attn::readPtxasLog(StringRef log, const GpuArch &arch,
                        std::vector<GpuKernelFacts> &facts,
                        SmallVectorImpl<PtxasWarning> &warnings) {
  GpuKernelFacts *current = nullptr;
  SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    if (line.contains("Compiling entry function")) {
      facts.push_back({quoted(line).str(), arch.name.str()});
      current = &facts.back();
    } else if (line.contains("bytes stack frame") && current) {
      current->stackBytes = numberBefore(line, "bytes stack frame");
      current->spillStoreBytes = numberBefore(line, "bytes spill stores");
      current->spillLoadBytes = numberBefore(line, "bytes spill loads");
    } else if (line.contains("Used ") && current) {
      current->registers = numberBefore(line, "registers");
      current->sharedBytes = numberBefore(line, "bytes smem");
    } else if (line.contains("warning") || line.contains("(C75") ||
               line.contains("serialized")) {
      // "ptxas warning : ...", "ptxas info    : (C7510) ...": of the function
      // it quotes, as far as that is a kernel.
      StringRef text = line.split(':').second.trim();
      StringRef kernel = quoted(line);
      warnings.push_back({kernel.str(), (text.empty() ? line : text).str()});
    }
  }
}

Error attn::assemble(GpuCode &code, StringRef ptxas,
                     SmallVectorImpl<PtxasWarning> &warnings) {
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  auto text = (*folder)->write("kernels.ptx", code.ptx);
  if (!text)
    return text.takeError();
  std::string log;
  bool assembled =
      runProgram({ptxas.str(), "-v", "-O3", "-arch=" + code.arch->name.str(),
                  "-o", (*folder)->file("kernels.cubin"), *text},
                 **folder, log);
  if (!assembled)
    return createStringError("'" + ptxas + "' failed for " + code.arch->name +
                             ":\n" + log);
  readPtxasLog(log, *code.arch, code.facts, warnings);
  auto bytes = (*folder)->read("kernels.cubin");
  if (!bytes)
    return createStringError("cannot read what '" + ptxas +
                             "' made: " + toString(bytes.takeError()));
  code.cubin = std::move(*bytes);
  return Error::success();
}
