//===- lib/ExecutionEngine/Source.cpp - Modules to run --------------------===//
//
// Part of attn-mlir.
//
// Parses a module and chooses the function to run.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Program.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

func::FuncOp Source::func() const {
  ModuleOp op = *const_cast<OwningOpRef<ModuleOp> &>(module);
  return op.lookupSymbol<func::FuncOp>(function);
}

/// The names in the text of the entry block's arguments, without `%`.
static void takeSourceNames(func::FuncOp func, const AsmParserState &state,
                            MutableArrayRef<ArgumentInfo> arguments) {
  const AsmParserState::BlockDefinition *block =
      state.getBlockDef(&func.front());
  if (!block || block->arguments.size() != arguments.size())
    return;
  for (auto [definition, argument] : zip_equal(block->arguments, arguments)) {
    SMRange range = definition.loc;
    if (!range.isValid())
      continue;
    StringRef text(range.Start.getPointer(),
                   range.End.getPointer() - range.Start.getPointer());
    // "%0" says nothing that "arg0" does not.
    if (text.consume_front("%") && !text.empty() && !isDigit(text.front()))
      argument.name = text.str();
  }
}

static Expected<func::FuncOp> chooseFunction(ModuleOp module, StringRef path,
                                             StringRef name) {
  SmallVector<func::FuncOp> candidates;
  std::string list;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration() || !func.isPublic())
      continue;
    candidates.push_back(func);
    list += (list.empty() ? "" : ", ") + func.getName().str();
  }
  auto hasName = [](StringRef wanted) {
    return [=](func::FuncOp func) { return func.getName() == wanted; };
  };
  if (candidates.empty())
    return createStringError(path + ": no public func.func with a body");
  if (name.empty() && candidates.size() == 1)
    return candidates.front();
  const auto *found =
      find_if(candidates, hasName(name.empty() ? "main" : name));
  if (found != candidates.end())
    return *found;
  if (name.empty())
    return createStringError(path +
                             ": several functions and no 'main'; choose "
                             "one with --function: " +
                             list);
  return createStringError(path + ": no public function '" + name +
                           "'; there is " + list);
}

/// The first thing about the function's types that we cannot call with.
static Error checkTypes(const Source &source) {
  auto check = [&](mlir::Type type, const Twine &what) -> Error {
    auto fail = [&](const Twine &why) {
      std::string text;
      llvm::raw_string_ostream(text) << type;
      return createStringError("function '" + source.function + "': " + what +
                               " has type " + text + ": " + why);
    };
    auto shaped = dyn_cast<ShapedType>(type);
    if (shaped && !isa<RankedTensorType, MemRefType>(type))
      return fail("only ranked tensors, memrefs and scalars can be passed");
    if (auto memref = dyn_cast<MemRefType>(type);
        memref && !memref.getLayout().isIdentity())
      return fail("only memrefs of identity layout can be passed");
    if (!ElementFormat::get(getElementTypeOrSelf(type)))
      return fail("the element type is not supported");
    return Error::success();
  };
  for (auto [i, argument] : enumerate(source.arguments))
    if (Error error = check(argument.type, "argument " + Twine(i)))
      return error;
  for (auto [i, type] : enumerate(source.results))
    if (Error error = check(type, "result " + Twine(i)))
      return error;
  return Error::success();
}

/// Drops what the function does not need: it is not ours to compile.
static void keepOnly(ModuleOp module, func::FuncOp func) {
  for (auto other : module.getOps<func::FuncOp>())
    if (other != func)
      other.setPrivate();
  PassManager pm(module.getContext());
  pm.addPass(createSymbolDCEPass());
  (void)pm.run(module);
}

Expected<Source> attn::loadSource(MLIRContext *context, StringRef path,
                                  StringRef name) {
  std::string error;
  std::unique_ptr<MemoryBuffer> file = openInputFile(path, &error);
  if (!file)
    return createStringError(error);
  SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), SMLoc());
  SourceMgrDiagnosticHandler handler(sources, context);

  ParserConfig config(context);
  Source source;
  AsmParserState state;
  if (isBytecode(*sources.getMemoryBuffer(1))) {
    source.module = parseSourceFile<ModuleOp>(sources, config);
  } else {
    Block block;
    if (succeeded(parseAsmSourceFile(sources, &block, config, &state)))
      source.module =
          mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(
              &block, context, FileLineColLoc::get(context, path, 1, 1));
  }
  if (!source.module)
    return createStringError("'" + path + "' is not a valid module");

  Expected<func::FuncOp> func = chooseFunction(*source.module, path, name);
  if (!func)
    return func.takeError();
  source.function = func->getName().str();
  source.results.assign(func->getResultTypes().begin(),
                        func->getResultTypes().end());
  for (BlockArgument argument : func->getArguments()) {
    ArgumentInfo info;
    unsigned number = argument.getArgNumber();
    info.name = "arg" + std::to_string(number);
    if (auto loc = dyn_cast<NameLoc>(argument.getLoc()))
      info.name = loc.getName().str();
    info.type = argument.getType();
    info.inout = isa<MemRefType>(info.type) ||
                 func->getArgAttr(number, "attn.inout") != nullptr;
    source.arguments.push_back(info);
  }
  takeSourceNames(*func, state, source.arguments);
  if (Error error = checkTypes(source))
    return error;
  keepOnly(*source.module, *func);
  return std::move(source);
}
