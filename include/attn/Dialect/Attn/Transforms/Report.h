//===- Report.h - What was found and what was not ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The report: one entry per place that looks like attention to attn-raise, one
// per kernel that was made, written as JSON.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_REPORT_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_REPORT_H

#include "attn/Support/KernelFacts.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace mlir::attn {

/// One place that looks like attention. Text only: a report outlives the
/// program it is about.
struct ReportEntry {
  std::string function;
  /// file:line:col, or as a location prints if it has none.
  std::string location;
  bool matched = false;
  /// If not matched: why, and the operation that stopped it.
  std::string blockedBy, blockedAtOp, blockedAtLocation;

  /// What was found, if matched.
  std::string elementType;
  bool bshd = false;
  bool causal = false;
  int64_t windowLeft = -1, windowRight = -1;
  bool causalOffset = false, bottomRight = false;
  /// Length of the blocks within which keys are seen, if it is
  /// attn.block_local; why it is not, if there is a mask of blocks all the
  /// same.
  int64_t blockLen = 0;
  std::string blockMiss;
  bool kvLen = false, qLen = false, mask = false, finiteMask = false;
  bool bias = false, score = false, sinks = false, lse = false;
  std::optional<double> softcap, scale;
  /// batch, num_heads, num_kv_heads, seq_len_q, seq_len_kv, head_dim,
  /// head_dim_v; ShapedType::kDynamic where not known.
  SmallVector<int64_t, 7> sizes;
  /// Name of the strategy asked for, if any.
  std::string strategy;
};

/// A kernel for one GPU, and what its assembler said of it.
struct AssembledKernel {
  std::string kernel, arch;
  int64_t registers = 0, stackBytes = 0, spillStoreBytes = 0,
          spillLoadBytes = 0;
  /// Besides what a launch asks for.
  int64_t sharedBytes = 0;
};

/// Collects entries. Thread-safe.
class Report {
public:
  void add(ReportEntry entry);
  /// Adds what a code generator made of an op.
  void add(KernelFacts kernel);
  void add(AssembledKernel kernel);
  /// Adds the entries of another report.
  void append(const Report &other);
  /// Writes all entries to `path` ("-" is standard output), through a temporary
  /// that is renamed when it is complete. On failure nothing is left behind and
  /// `error` says why.
  LogicalResult write(StringRef path, std::string &error) const;
  bool empty() const {
    return entries.empty() && kernels.empty() && assembled.empty();
  }

private:
  std::vector<ReportEntry> entries;
  std::vector<KernelFacts> kernels;
  std::vector<AssembledKernel> assembled;
};

/// The report that every run of attn-raise in this process adds to while it is
/// set: a tool's --attn-report. Null to end.
void setProcessReport(Report *report);
Report *getProcessReport();

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_REPORT_H
