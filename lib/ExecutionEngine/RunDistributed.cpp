//===- lib/ExecutionEngine/RunDistributed.cpp - attn-run by ranks ---------===//
//
// Part of attn-mlir.
//
// Cuts a program over ranks, runs it, and says at rank 0 what came out.
//
//===----------------------------------------------------------------------===//

#include "RunDistributed.h"

#include "Distribute.h"
#include "Outputs.h"
#include "RankTable.h"
#include "Shards.h"

#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/ExecutionEngine/Verify.h"
#include "attn/Runtime/ParallelFor.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <cstdlib>
#include <cstring>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

bool attn::wantsRanks(const RunOptions &options) {
  return options.distribute || countLaunchedRanks() > 0;
}

//===----------------------------------------------------------------------===//
// Agreement
//===----------------------------------------------------------------------===//

namespace {
/// How a run ends, on all ranks alike; only rank 0 knows what has failed.
struct Outcome {
  int code = kExitOk;
  std::string failure;
};
} // namespace

/// Ends a step that any rank may have failed in. If one has, all ranks get the
/// same outcome: no rank goes on alone, or waits for one that has gone. `said`
/// are diagnostics that nobody has seen.
static Expected<std::optional<Outcome>> agree(Communicator &ranks, Error mine,
                                              StringRef said = "") {
  // One character before the text, so that it is not empty.
  std::string text;
  if (mine)
    text = "!" + toString(std::move(mine));
  if (!text.empty() && !said.empty())
    text += "\n" + said.str();
  auto all = ranks.gather(text);
  if (!all)
    return all.takeError();
  std::optional<Outcome> outcome;
  for (auto [rank, told] : enumerate(*all)) {
    if (told.empty() || outcome)
      continue;
    outcome = {kExitBadInput, std::string(told.begin() + 1, told.end())};
    if (rank != 0)
      outcome->failure = "rank " + std::to_string(rank) + " of " +
                         std::to_string(ranks.size()) + ": " + outcome->failure;
  }
  char hasFailed = outcome.has_value();
  if (Error error = ranks.broadcast(hasFailed))
    return std::move(error);
  if (hasFailed && !outcome)
    outcome = {kExitBadInput, ""};
  return outcome;
}

namespace {
/// Keeps what diagnostics say from being printed by every rank.
class QuietRank {
public:
  QuietRank(MLIRContext *context, bool isQuiet) {
    if (isQuiet)
      handler.emplace(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          raw_string_ostream(text)
              << diagnostic.getLocation() << ": " << diagnostic.str() << '\n';
        return success();
      });
  }
  StringRef said() const { return text; }

private:
  std::string text;
  std::optional<ScopedDiagnosticHandler> handler;
};

/// What a rank has before it runs.
struct Job {
  /// The program as it was written, with all inputs, and this rank's part.
  Source whole, part;
  SmallVector<TensorValue> inputs, parts;
  ShardRanges ranges;
  std::unique_ptr<Program> program;
  /// The function is a rank's program already.
  bool isDistributed = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// Before the call
//===----------------------------------------------------------------------===//

/// What one process alone can be asked.
static Error checkFlags(const RunOptions &options) {
  if (options.verify == VerifyMode::Ops)
    return createStringError("--verify=ops: a rank has a part of what ops take "
                             "and give; --verify compares the results");
  return Error::success();
}

/// The chosen function of `whole` alone, with what it calls in it.
static Expected<ModuleSource> isolate(const Source &whole) {
  ModuleSource source;
  source.module = OwningOpRef<ModuleOp>(
      cast<ModuleOp>(whole.func()->getParentOp()->clone()));
  source.functions.push_back({whole.function, whole.arguments, whole.results});
  for (auto func : source.module->getOps<func::FuncOp>())
    if (func.getName() != whole.function && !func.isDeclaration())
      func.setPrivate();
  PassManager pm(source.module->getContext());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  if (failed(pm.run(*source.module)))
    return createStringError("calls of this module cannot be inlined");
  return std::move(source);
}

static Error prepare(const RunOptions &options, MLIRContext &context,
                     Communicator &ranks, Job &job) {
  std::string why;
  context.getOrLoadDialect<AttnDialect>();
  if (!options.strategy.empty() &&
      failed(parseStrategy(options.strategy, &context, why)))
    return createStringError("--strategy=" + options.strategy + ": " + why);
  auto parsed = parseModuleFile(&context, options.file);
  if (!parsed)
    return parsed.takeError();
  auto whole =
      chooseFunction(std::move(*parsed), options.file, options.function);
  if (!whole)
    return whole.takeError();
  job.whole = std::move(*whole);
  job.isDistributed = isDistributed(job.whole);
  if (job.isDistributed)
    return Error::success();
  if (Error error = checkFlags(options))
    return error;
  for (const ArgumentInfo &argument : job.whole.arguments)
    if (isa<MemRefType>(argument.type))
      return createStringError("argument %" + argument.name +
                               " is a memref, which cannot be cut over ranks; "
                               "make it a tensor");

  auto isolated = isolate(job.whole);
  if (!isolated)
    return isolated.takeError();
  if (Error error =
          distribute(*isolated, options.strategy, options.distributeOptions))
    return error;
  auto part =
      chooseFunction(std::move(*isolated), options.file, job.whole.function);
  if (!part)
    return part.takeError();
  job.part = std::move(*part);
  if (!isDistributed(job.part))
    return createStringError("function '" + job.whole.function +
                             "' has no attention to cut over ranks; run it "
                             "without mpirun");
  if (ranks.isRoot())
    if (Error error = checkOutputs(options.outputs, job.whole.results.size()))
      return error;
  auto inputs = bindInputs(&context, options.inputs, job.whole.arguments);
  if (!inputs)
    return inputs.takeError();
  job.inputs = std::move(*inputs);
  auto ranges = planShards(job.part.func(), job.inputs, ranks.size());
  if (!ranges)
    return ranges.takeError();
  job.ranges = *ranges;
  auto parts = cutInputs(job.part.func(), job.inputs, job.ranges, ranks.rank());
  if (!parts)
    return parts.takeError();
  job.parts = std::move(*parts);

  CompileOptions compile;
  if (ranks.isRoot())
    compile.dumpStages = options.dumpStages;
  auto program = Program::compile(job.part, compile);
  if (!program)
    return program.takeError();
  job.program = std::move(*program);
  return Error::success();
}

/// Without --threads, the ranks of a machine share its processors.
static void shareThreads(const RunOptions &options) {
  if (options.threads != 0)
    return;
  int64_t local = 0;
  for (const char *name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                           "MV2_COMM_WORLD_LOCAL_SIZE"})
    if (const char *text = std::getenv(name);
        text && local == 0 && StringRef(text).getAsInteger(10, local))
      local = 0;
  local = std::max<int64_t>(1, local);
  attn_rt_set_num_threads(std::max<int64_t>(1, attn_rt_num_threads() / local));
}

//===----------------------------------------------------------------------===//
// After the call
//===----------------------------------------------------------------------===//

/// What all ranks have computed, at rank 0; elsewhere this rank's part.
static Error collect(Communicator &ranks, const Job &job,
                     SmallVectorImpl<TensorValue> &results) {
  func::FuncOp func = job.part.func();
  for (auto [i, result] : enumerate(results)) {
    int64_t dim = getCutDim(func, i);
    if (dim < 0)
      continue;
    auto all = ranks.gather(result.bytes());
    if (!all)
      return all.takeError();
    if (!ranks.isRoot())
      continue;
    SmallVector<int64_t> shape(result.shape());
    shape[dim] = job.ranges.total;
    auto whole = TensorValue::create(result.element(), shape);
    if (!whole)
      return whole.takeError();
    for (auto [rank, bytes] : enumerate(*all))
      if (!placePart(*whole, dim, bytes, job.ranges, rank))
        return createStringError("rank " + Twine(rank) + " gave " +
                                 Twine(bytes.size()) + " bytes of result " +
                                 Twine(i) + ", which is not its part");
    result = std::move(*whole);
  }
  return Error::success();
}

/// What rank 0 does with the results. Returns whether they are right.
static Expected<bool> report(const RunOptions &options, const Job &job,
                             ArrayRef<TensorValue> results, raw_ostream &out,
                             raw_ostream &err) {
  SmallVector<NamedValue> named = nameResults(job.whole, results, job.inputs);
  if (Error error = emitResults(options.outputs, named, out))
    return std::move(error);
  if (options.verify == VerifyMode::None)
    return true;
  auto verified = verifyResults(job.whole, options.strategy, job.inputs, named,
                                out, err, &job.part);
  if (!verified)
    return verified.takeError();
  return verified->ok;
}

/// What is cut, in the table's words.
static StringRef nameShards(func::FuncOp func) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (auto shard = func.getArgAttrOfType<ShardAttr>(i, kShardAttrName))
      if (shard.getKind() == ShardKind::rows)
        return "rows";
  return "keys";
}

/// Calls the program on all ranks. An error is one of communication.
static Expected<Outcome> call(const RunOptions &options, Communicator &ranks,
                              Job &job, raw_ostream &out, raw_ostream &err) {
  MergeRecorder recorder(ranks.get());
  for (TensorValue &value : job.parts)
    if (isa<CommType>(value.element())) {
      attn_comm *address = recorder.get();
      std::memcpy(value.data(), &address, sizeof(address));
    }
  job.program->bind(job.parts);
  auto invoke = [&] { job.program->invoke(); };
  auto times = timeRanks(ranks, recorder, invoke, 1);
  if (!times)
    return times.takeError();
  auto results = job.program->results();
  auto failed = agree(ranks, results ? Error::success() : results.takeError());
  if (!failed)
    return failed.takeError();
  if (*failed)
    return std::move(**failed);
  if (Error error = collect(ranks, job, *results))
    return std::move(error);

  Outcome outcome;
  Error problem = Error::success();
  if (ranks.isRoot()) {
    auto reported = report(options, job, *results, out, err);
    if (!reported)
      problem = joinErrors(std::move(problem), reported.takeError());
    else if (!*reported)
      outcome.code = kExitVerifyFailed;
  }
  failed = agree(ranks, std::move(problem));
  if (!failed)
    return failed.takeError();
  if (*failed)
    return std::move(**failed);
  if (options.benchmark > 0) {
    times = timeRanks(ranks, recorder, invoke, options.benchmark);
    if (!times)
      return times.takeError();
  }
  if (Error error = printRankTable(ranks, recorder, *times, job.ranges,
                                   nameShards(job.part.func()), out))
    return std::move(error);
  char code = static_cast<char>(outcome.code);
  if (Error error = ranks.broadcast(code))
    return std::move(error);
  outcome.code = code;
  return std::move(outcome);
}

Expected<std::optional<int>>
attn::runDistributed(const RunOptions &options, MLIRContext &context,
                     std::unique_ptr<Communicator> &ranks, raw_ostream &out,
                     raw_ostream &err) {
  auto made = Communicator::ofProcess();
  if (!made)
    return made.takeError();
  ranks = std::move(*made);
  shareThreads(options);
  raw_ostream &rankOut = ranks->isRoot() ? out : nulls();
  Job job;
  std::optional<Outcome> outcome;
  {
    QuietRank quiet(&context, !ranks->isRoot());
    Error error = prepare(options, context, *ranks, job);
    auto failed = agree(*ranks, std::move(error), quiet.said());
    if (!failed)
      return failed.takeError();
    outcome = std::move(*failed);
  }
  if (!outcome && job.isDistributed)
    return std::nullopt;
  if (!outcome) {
    if (options.inputs.empty() && !job.whole.arguments.empty())
      rankOut << "no --input given: random inputs, seed = argument number\n";
    auto called = call(options, *ranks, job, rankOut, err);
    // Who fails so fails alone: the launcher ends the others.
    if (!called)
      return called.takeError();
    outcome = std::move(*called);
  }
  // Before any rank ends: a launcher may stop the others then.
  out.flush();
  if (!outcome->failure.empty())
    err << "attn-run: error: " << outcome->failure << '\n';
  ranks->finish();
  return outcome->code;
}
