//===- lib/ExecutionEngine/Visualize.cpp - What attn-viz does -------------===//
//
// Part of attn-mlir.
//
// From a module to a picture of its attention.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Visualize.h"

#include "DrawPattern.h"
#include "OutputFiles.h"
#include "RecordPattern.h"
#include "ToolName.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "attn/ExecutionEngine/Run.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// "FILE:LINE:COL", or nothing where it is not known.
static std::string describePlace(Location location, bool hasFolder) {
  std::string text;
  raw_string_ostream os(text);
  if (auto place = location->findInstanceOf<FileLineColLoc>()) {
    StringRef path = place.getFilename().getValue();
    os << (hasFolder ? path : sys::path::filename(path)) << ':'
       << place.getLine() << ':' << place.getColumn();
  }
  return text;
}

/// Makes attn ops what they, or `strategy`, ask for, untiled.
static LogicalResult applyStrategy(const Source &source, StringRef strategy) {
  auto module = cast<ModuleOp>(source.func()->getParentOp());
  if (!strategy.empty()) {
    PassManager pm(module.getContext());
    AttnAssignStrategyPassOptions assign;
    assign.strategy = strategy.str();
    assign.overwrite = true;
    pm.addPass(createAttnAssignStrategyPass(assign));
    if (failed(pm.run(module)))
      return failure();
  }
  return applyApproximations(module, "", /*remarks=*/true);
}

/// The numbers of the ops to draw.
static Expected<SmallVector<int64_t>>
chooseOps(ArrayRef<AttentionInterface> ops, const VisualizeOptions &options) {
  if (ops.empty())
    return createStringError(
        options.file +
        ": no op in it says which keys queries see; attn-opt --attn-raise "
        "finds attention that is written out");
  SmallVector<int64_t> numbers;
  if (options.op < 0) {
    append_range(numbers, seq<int64_t>(0, ops.size()));
    return numbers;
  }
  if (options.op < static_cast<int64_t>(ops.size())) {
    numbers.push_back(options.op);
    return numbers;
  }
  std::string list;
  for (auto [number, op] : enumerate(ops))
    list += (number ? ", " : "") + std::to_string(number) + " " +
            op->getName().getStringRef().str() + " at " +
            describePlace(op->getLoc(), /*hasFolder=*/true);
  return createStringError("--op=" + Twine(options.op) +
                           ": no such op; there is " + list);
}

static Error visualize(const VisualizeOptions &options, raw_ostream &out,
                       raw_ostream &err) {
  bool isSvg = StringRef(options.output).ends_with_insensitive(".svg");
  if (!isSvg && !StringRef(options.output).ends_with_insensitive(".png"))
    return createStringError("-o " + options.output +
                             ": expected a name that ends in .svg or .png");
  if (Error error = checkWritable(options.output))
    return error;
  DialectRegistry registry;
  registerRunDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context, err);
  context.getOrLoadDialect<AttnDialect>();
  std::string why;
  if (!options.strategy.empty() &&
      failed(parseStrategy(options.strategy, &context, why)))
    return createStringError("--strategy=" + options.strategy + ": " + why);
  auto parsed = parseModuleFile(&context, options.file);
  if (!parsed)
    return parsed.takeError();
  Expected<Source> source =
      chooseFunction(std::move(*parsed), options.file, options.function);
  if (!source)
    return source.takeError();
  if (failed(applyStrategy(*source, options.strategy)))
    return createStringError("--strategy=" + options.strategy +
                             ": this module cannot be rewritten");
  if (Error error = inlineCalls(*source))
    return error;
  auto inputs = matchInputs(options.inputs, source->arguments);
  if (!inputs)
    return inputs.takeError();

  // What is given is read, even if no pattern depends on it.
  for (auto [position, input] : enumerate(*inputs))
    if (input.isGiven())
      if (auto sizes = readInputSizes(&context, input, position,
                                      source->arguments[position]);
          !sizes)
        return sizes.takeError();

  SmallVector<AttentionInterface> ops = getPatternOps(*source);
  auto numbers = chooseOps(ops, options);
  if (!numbers)
    return numbers.takeError();
  PatternRequest request{options.batch, options.head, options.tile};
  std::vector<Panel> panels;
  for (int64_t number : *numbers) {
    AttentionInterface op = ops[number];
    auto pattern = recordPattern(*source, number, *inputs, request);
    if (!pattern)
      return createStringError(describePlace(op->getLoc(), /*hasFolder=*/true) +
                               ": '" + op->getName().getStringRef() +
                               "': " + toString(pattern.takeError()));
    panels.push_back({op->getName().getStringRef().str(),
                      describePlace(op->getLoc(), /*hasFolder=*/false),
                      describeStrategy(op), request, std::move(*pattern)});
  }
  Picture picture = drawPatterns(panels);
  Expected<std::string> bytes =
      isSvg ? Expected<std::string>(writeSvg(picture)) : writePng(picture);
  if (!bytes)
    return bytes.takeError();
  if (Error error = writeFiles({{options.output, *bytes}}))
    return error;
  for (const Panel &panel : panels)
    out << panel.describeOp() << ": " << panel.describePairs() << '\n';
  return Error::success();
}

int mlir::attn::visualizeModule(const VisualizeOptions &options,
                                raw_ostream &out, raw_ostream &err) {
  setToolName("attn-viz");
  Error error = visualize(options, out, err);
  if (!error)
    return kExitOk;
  out.flush();
  err << "attn-viz: error: " << toString(std::move(error)) << '\n';
  return kExitBadInput;
}
