//===- lib/ExecutionEngine/Source.cpp - Modules to run --------------------===//
//
// Part of attn-mlir.
//
// Parses a module and chooses the function to run.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Program.h"

#include "attn/Dialect/Attn/IR/Attn.h"

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

func::FuncOp ModuleSource::lookup(StringRef name) const {
  ModuleOp op = *const_cast<OwningOpRef<ModuleOp> &>(module);
  return op.lookupSymbol<func::FuncOp>(name);
}

Error attn::checkTypes(const PublicFunction &function) {
  auto check = [&](mlir::Type type, const Twine &what) -> Error {
    auto fail = [&](const Twine &why) {
      std::string text;
      llvm::raw_string_ostream(text) << type;
      return createStringError("function '" + function.name + "': " + what +
                               " has type " + text + ": " + why);
    };
    auto shaped = dyn_cast<ShapedType>(type);
    if (shaped && !isa<RankedTensorType, MemRefType>(type))
      return fail("only ranked tensors, memrefs and scalars can be passed");
    if (auto memref = dyn_cast<MemRefType>(type);
        memref && !memref.getLayout().isIdentity())
      return fail("only memrefs of identity layout can be passed");
    if (!ElementFormat::get(getElementTypeOrSelf(type)) ||
        (shaped && isa<CommType>(shaped.getElementType())))
      return fail("the element type is not supported");
    return Error::success();
  };
  for (auto [i, argument] : enumerate(function.arguments))
    if (Error error = check(argument.type, "argument " + Twine(i)))
      return error;
  for (auto [i, type] : enumerate(function.results)) {
    if (Error error = check(type, "result " + Twine(i)))
      return error;
    if (isa<CommType>(type))
      return createStringError("function '" + function.name + "': result " +
                               Twine(i) +
                               " is a communicator, which only the caller has");
  }
  return Error::success();
}

static PublicFunction describe(func::FuncOp func, const AsmParserState &state) {
  PublicFunction function;
  function.name = func.getName().str();
  function.results.assign(func.getResultTypes().begin(),
                          func.getResultTypes().end());
  for (BlockArgument argument : func.getArguments()) {
    ArgumentInfo info;
    unsigned number = argument.getArgNumber();
    info.name = "arg" + std::to_string(number);
    if (auto loc = dyn_cast<NameLoc>(argument.getLoc()))
      info.name = loc.getName().str();
    info.type = argument.getType();
    info.inout = isa<MemRefType>(info.type) ||
                 func.getArgAttr(number, "attn.inout") != nullptr;
    function.arguments.push_back(info);
  }
  takeSourceNames(func, state, function.arguments);
  return function;
}

Expected<ModuleSource> attn::parseModule(MLIRContext *context,
                                         std::unique_ptr<MemoryBuffer> buffer) {
  std::string path = buffer->getBufferIdentifier().str();
  ModuleSource source;
  SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), SMLoc());
  SourceMgrDiagnosticHandler handler(sources, context);

  ParserConfig config(context);
  AsmParserState state;
  const MemoryBuffer &text = *sources.getMemoryBuffer(1);
  bool isText = !isBytecode(text);
  if (!isText) {
    source.module = parseSourceFile<ModuleOp>(sources, config);
  } else {
    source.text = text.getBuffer().str();
    Block block;
    if (succeeded(parseAsmSourceFile(sources, &block, config, &state)))
      source.module =
          mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(
              &block, context, FileLineColLoc::get(context, path, 1, 1));
  }
  if (!source.module)
    return createStringError("'" + path + "' is not a valid module");
  if (!isText)
    llvm::raw_string_ostream(source.text) << *source.module;

  for (auto func : source.module->getOps<func::FuncOp>())
    if (!func.isDeclaration() && func.isPublic())
      source.functions.push_back(describe(func, state));
  if (source.functions.empty())
    return createStringError(path + ": no public func.func with a body");
  return std::move(source);
}

Expected<ModuleSource> attn::parseModuleFile(MLIRContext *context,
                                             StringRef path) {
  std::string error;
  std::unique_ptr<MemoryBuffer> file = openInputFile(path, &error);
  if (!file)
    return createStringError(error);
  return parseModule(context, std::move(file));
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

/// The arguments at the end of `func` that are state.
static size_t countStates(func::FuncOp func) {
  size_t count = 0;
  for (unsigned i = func.getNumArguments();
       i-- > 0 && func.getArgAttr(i, kStateAttrName);)
    ++count;
  return count;
}

/// Whether `function` makes the state of another one.
static bool isPrepare(const ModuleSource &source,
                      const PublicFunction &function) {
  StringRef name = function.name;
  return name.consume_back("_prepare") && source.lookup(name) &&
         countStates(source.lookup(name)) > 0;
}

Expected<Source> attn::chooseFunction(ModuleSource source, StringRef path,
                                      StringRef name) {
  ArrayRef<PublicFunction> functions = source.functions;
  std::string list;
  for (const PublicFunction &function : functions)
    list += (list.empty() ? "" : ", ") + function.name;
  const PublicFunction *chosen =
      find_if(functions, [&](const PublicFunction &function) {
        return function.name == (name.empty() ? "main" : name);
      });
  if (name.empty() && chosen == functions.end()) {
    SmallVector<const PublicFunction *> candidates;
    for (const PublicFunction &function : functions)
      if (!isPrepare(source, function))
        candidates.push_back(&function);
    if (candidates.size() == 1)
      chosen = candidates.front();
  }
  if (chosen == functions.end())
    return createStringError(
        name.empty()
            ? path +
                  ": several functions and no 'main'; choose one "
                  "with --function: " +
                  list
            : path + ": no public function '" + name + "'; there is " + list);
  if (Error error = checkTypes(*chosen))
    return std::move(error);
  Source result;
  result.module = std::move(source.module);
  result.function = chosen->name;
  result.arguments = chosen->arguments;
  result.results = chosen->results;
  result.numStates = countStates(result.func());
  if (result.numStates > 0)
    result.whole = OwningOpRef<ModuleOp>(result.module->clone());
  keepOnly(*result.module, result.func());
  return std::move(result);
}
