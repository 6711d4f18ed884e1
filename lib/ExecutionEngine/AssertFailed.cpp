//===- lib/ExecutionEngine/AssertFailed.cpp - Failed run-time checks ------===//
//
// Part of attn-mlir.
//
// What a failed check of code compiled in memory does: says so, and exits.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/AssertFailed.h"

#include "ToolName.h"

#include "attn/ExecutionEngine/Run.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

using namespace mlir::attn;

static const char *toolName = "attn-run";

void mlir::attn::setToolName(const char *name) { toolName = name; }

const char *mlir::attn::getToolName() { return toolName; }

/// `found` with its values in place.
static std::string substitute(llvm::StringRef found,
                              llvm::ArrayRef<int64_t> values) {
  std::string text = found.str();
  for (auto [number, value] : llvm::enumerate(values)) {
    std::string name = "{" + std::to_string(number) + "}";
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
      text.replace(at, name.size(), std::to_string(value));
  }
  return text;
}

extern "C" void attn_rt_assert_failed(const char *message, const char *found,
                                      int64_t v0, int64_t v1, int64_t v2,
                                      int64_t v3) {
  // Never unlocked: the first thread speaks, the others wait for the end.
  static std::mutex once;
  once.lock();
  llvm::outs().flush();
  std::fflush(stdout); // Of compiled code that prints.
  std::string what = substitute(found, {v0, v1, v2, v3});
  llvm::errs() << getToolName() << ": error: " << message;
  if (!what.empty())
    llvm::errs() << ", but " << what;
  llvm::errs() << '\n';
  // Results are written after the call, so no file is half there. Threads of
  // the pool still run: nothing may be destroyed under them.
  std::_Exit(kExitBadInput);
}
