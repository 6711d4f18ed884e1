//===- Report.cpp - What was found and what was not -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Writes the report as JSON.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Report.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

#include <atomic>
#include <mutex>

using namespace mlir;
using namespace mlir::attn;

static std::mutex reportMutex;
static std::atomic<Report *> processReport{nullptr};

void attn::setProcessReport(Report *report) { processReport = report; }
Report *attn::getProcessReport() { return processReport; }

void Report::add(ReportEntry entry) {
  std::lock_guard<std::mutex> guard(reportMutex);
  entries.push_back(std::move(entry));
}

void Report::add(KernelFacts kernel) {
  std::lock_guard<std::mutex> guard(reportMutex);
  kernels.push_back(std::move(kernel));
}

void Report::add(AssembledKernel kernel) {
  std::lock_guard<std::mutex> guard(reportMutex);
  assembled.push_back(std::move(kernel));
}

void Report::append(const Report &other) {
  std::lock_guard<std::mutex> guard(reportMutex);
  kernels.insert(kernels.end(), other.kernels.begin(), other.kernels.end());
  assembled.insert(assembled.end(), other.assembled.begin(),
                   other.assembled.end());
  entries.insert(entries.end(), other.entries.begin(), other.entries.end());
}

static void writeFound(llvm::json::OStream &json, const ReportEntry &entry) {
  static const char *names[] = {"batch",     "num_heads",  "num_kv_heads",
                                "seq_len_q", "seq_len_kv", "head_dim",
                                "head_dim_v"};
  json.attribute("dtype", entry.elementType);
  json.attribute("layout", entry.bshd ? "bshd" : "bhsd");
  for (auto [name, size] : llvm::zip(names, entry.sizes)) {
    if (ShapedType::isDynamic(size))
      json.attribute(name, nullptr);
    else
      json.attribute(name, size);
  }
  if (entry.sizes.size() == 7)
    json.attribute("gqa", entry.sizes[1] != entry.sizes[2]);
  if (entry.scale)
    json.attribute("scale", *entry.scale);
  else
    json.attribute("scale", "dynamic");
  json.attribute("causal", entry.causal);
  json.attributeArray("window", [&] {
    json.value(entry.windowLeft);
    json.value(entry.windowRight);
  });
  json.attribute("causal_offset", entry.causalOffset);
  json.attribute("bottom_right", entry.bottomRight);
  if (entry.blockLen > 0)
    json.attribute("block_len", entry.blockLen);
  if (!entry.blockMiss.empty())
    json.attribute("not_block_local", entry.blockMiss);
  json.attribute("kv_len", entry.kvLen);
  json.attribute("q_len", entry.qLen);
  json.attribute("mask", entry.mask);
  json.attribute("finite_mask_excluded", entry.finiteMask);
  json.attribute("bias", entry.bias);
  if (entry.softcap)
    json.attribute("softcap", *entry.softcap);
  json.attribute("score_region", entry.score);
  json.attribute("sinks", entry.sinks);
  json.attribute("lse", entry.lse);
  if (!entry.strategy.empty())
    json.attribute("strategy", entry.strategy);
}

static void writeKernel(llvm::json::OStream &json, const KernelFacts &kernel) {
  json.attribute("function", kernel.function);
  json.attribute("location", kernel.location);
  json.attribute("scheme", kernel.scheme);
  json.attribute("lanes", kernel.lanes);
  json.attribute("rows", kernel.rows);
  json.attribute("tile", kernel.tile);
  json.attribute("block", kernel.block);
  json.attributeArray("slow", [&] {
    for (const std::string &reason : kernel.slow)
      json.value(reason);
  });
}

static void writeAssembled(llvm::json::OStream &json,
                           const AssembledKernel &kernel) {
  json.attribute("kernel", kernel.kernel);
  json.attribute("arch", kernel.arch);
  json.attribute("registers", kernel.registers);
  json.attribute("stack_bytes", kernel.stackBytes);
  json.attribute("spill_store_bytes", kernel.spillStoreBytes);
  json.attribute("spill_load_bytes", kernel.spillLoadBytes);
  json.attribute("shared_bytes", kernel.sharedBytes);
}

LogicalResult Report::write(StringRef path, std::string &error) const {
  llvm::Error failed =
      llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
        std::lock_guard<std::mutex> guard(reportMutex);
        llvm::json::OStream json(os, /*IndentSize=*/2);
        json.object([&] {
          json.attribute("version", 1);
          json.attributeArray("attention", [&] {
            for (const ReportEntry &entry : entries)
              json.object([&] {
                json.attribute("function", entry.function);
                json.attribute("location", entry.location);
                json.attribute("matched", entry.matched);
                if (entry.matched) {
                  writeFound(json, entry);
                  return;
                }
                json.attribute("blocked_by", entry.blockedBy);
                json.attribute("blocked_at_op", entry.blockedAtOp);
                json.attribute("blocked_at", entry.blockedAtLocation);
              });
          });
          if (!assembled.empty())
            json.attributeArray("gpu_kernels", [&] {
              for (const AssembledKernel &kernel : assembled)
                json.object([&] { writeAssembled(json, kernel); });
            });
          if (kernels.empty())
            return;
          // Functions are lowered in any order.
          std::vector<KernelFacts> sorted(kernels);
          llvm::stable_sort(sorted, [](const auto &x, const auto &y) {
            return x.function < y.function;
          });
          json.attributeArray("kernels", [&] {
            for (const KernelFacts &kernel : sorted)
              json.object([&] { writeKernel(json, kernel); });
          });
        });
        os << "\n";
        return llvm::Error::success();
      });
  if (!failed)
    return success();
  error = llvm::toString(std::move(failed));
  return failure();
}
