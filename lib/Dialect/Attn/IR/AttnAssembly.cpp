//===- AttnAssembly.cpp - Clauses of the attn ops' assembly ---------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Each clause is a keyword, most with one value in parentheses. A clause may
// come once; an empty pair of parentheses is an error, not an absent clause.
//
//===----------------------------------------------------------------------===//

#include "AttnAssembly.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// A keyword and what reads the rest of its clause. Clauses of one `kind`
/// exclude each other (`causal` is a `window`).
struct Clause {
  StringRef keyword;
  StringRef kind;
  std::function<ParseResult()> parse;
};

/// Reads the clauses of one op.
class ClauseParser {
public:
  ClauseParser(OpAsmParser &parser) : parser(parser) {}

  void add(StringRef keyword, std::function<ParseResult()> parse) {
    clauses.push_back({keyword, keyword, std::move(parse)});
  }
  void addOperand(StringRef keyword, OptionalOperand &operand) {
    add(keyword, [this, keyword, &operand]() -> ParseResult {
      if (parser.parseLParen())
        return failure();
      SMLoc loc = parser.getCurrentLocation();
      OptionalParseResult found =
          parser.parseOptionalOperand(operand.emplace());
      if (!found.has_value())
        return parser.emitError(loc, "expected a value in ")
               << keyword << "(...); leave the clause out if there is none";
      return failure(failed(*found) || parser.parseRParen());
    });
  }
  void addNumber(StringRef keyword, FloatAttr &number) {
    add(keyword, [this, &number] {
      return failure(
          parser.parseLParen() ||
          parser.parseAttribute(number, parser.getBuilder().getF64Type()) ||
          parser.parseRParen());
    });
  }
  void addInteger(StringRef keyword, IntegerAttr &number) {
    add(keyword, [this, &number] {
      return failure(parser.parseLParen() || parseSize(number) ||
                     parser.parseRParen());
    });
  }
  /// One of the words `choices` in parentheses, which `symbolize` knows.
  template <typename AttrTy, typename Symbolize>
  void addEnum(StringRef keyword, StringRef choices, Symbolize symbolize,
               AttrTy &attr) {
    add(keyword, [this, keyword, choices, symbolize, &attr]() -> ParseResult {
      if (parser.parseLParen())
        return failure();
      StringRef name;
      SMLoc loc = parser.getCurrentLocation();
      if (failed(parser.parseOptionalKeyword(&name)))
        return parser.emitError(loc, "expected ") << keyword << " " << choices;
      auto value = symbolize(name);
      if (!value)
        return parser.emitError(loc, "expected ")
               << keyword << " " << choices << ", but got " << name;
      attr = AttrTy::get(parser.getContext(), *value);
      return parser.parseRParen();
    });
  }
  void addLayout(LayoutAttr &layout) {
    addEnum(
        "layout", "bhsd or bshd",
        [](StringRef name) { return symbolizeLayout(name); }, layout);
  }
  void addWindow(IntegerAttr &left, IntegerAttr &right) {
    left = right = parser.getBuilder().getI64IntegerAttr(-1);
    clauses.push_back({"causal", "window", [this, &right]() -> ParseResult {
                         right = parser.getBuilder().getI64IntegerAttr(0);
                         return success();
                       }});
    clauses.push_back({"window", "window", [this, &left, &right] {
                         return failure(
                             parser.parseLParen() || parseSize(left) ||
                             parser.parseComma() || parseSize(right) ||
                             parser.parseRParen());
                       }});
  }
  void addOffsets(OperandList &offsets) {
    add("offsets", [this, &offsets]() -> ParseResult {
      SMLoc loc = parser.getCurrentLocation();
      if (parser.parseOperandList(offsets, OpAsmParser::Delimiter::Paren))
        return failure();
      if (offsets.size() != 4)
        return parser.emitError(loc, "expected four offsets (batch, head, "
                                     "query, key), but got ")
               << offsets.size();
      return success();
    });
  }

  /// A key and a value; `what` they are, in words.
  void addKeyValue(StringRef keyword, StringRef what, OptionalOperand &key,
                   OptionalOperand &value) {
    add(keyword, [this, what, &key, &value]() -> ParseResult {
      SmallVector<OpAsmParser::UnresolvedOperand> operands;
      SMLoc loc = parser.getCurrentLocation();
      if (parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren))
        return failure();
      if (operands.size() != 2)
        return parser.emitError(loc, "expected ")
               << what << " (key, value), but got " << operands.size();
      key = operands[0];
      value = operands[1];
      return success();
    });
  }

  /// Reads clauses until something that is none.
  ParseResult parse() {
    SmallVector<StringRef> keywords, seen;
    for (const Clause &clause : clauses)
      keywords.push_back(clause.keyword);
    StringRef keyword;
    while (true) {
      SMLoc loc = parser.getCurrentLocation();
      if (failed(parser.parseOptionalKeyword(&keyword, keywords)))
        return success();
      const Clause &clause = *llvm::find_if(
          clauses, [&](const Clause &c) { return c.keyword == keyword; });
      if (llvm::is_contained(seen, clause.kind))
        return parser.emitError(loc, "expected at most one ")
               << clause.kind << " clause";
      seen.push_back(clause.kind);
      if (clause.parse())
        return failure();
    }
  }

  OpAsmParser &parser;

private:
  ParseResult parseSize(IntegerAttr &size) {
    int64_t value;
    if (parser.parseInteger(value))
      return failure();
    size = parser.getBuilder().getI64IntegerAttr(value);
    return success();
  }

  SmallVector<Clause> clauses;
};
} // namespace

static void addModifiers(ClauseParser &clauses, IntegerAttr &windowLeft,
                         IntegerAttr &windowRight, UnitAttr &bottomRight,
                         OptionalOperand &causalOffset, FloatAttr &scale,
                         OptionalOperand &dynamicScale, FloatAttr &softcap,
                         OptionalOperand &kvLen, OptionalOperand &qLen,
                         OptionalOperand &mask, OptionalOperand &bias,
                         OptionalOperand &keyScale, OptionalOperand &valueScale,
                         OptionalOperand &pageTable, OperandList &offsets,
                         LayoutAttr &layout) {
  clauses.addWindow(windowLeft, windowRight);
  clauses.add("bottom_right", [&]() -> ParseResult {
    bottomRight = clauses.parser.getBuilder().getUnitAttr();
    return success();
  });
  clauses.addOperand("causal_offset", causalOffset);
  clauses.addNumber("scale", scale);
  clauses.addOperand("dynamic_scale", dynamicScale);
  clauses.addNumber("softcap", softcap);
  clauses.addOperand("kv_len", kvLen);
  clauses.addOperand("q_len", qLen);
  clauses.addOperand("mask", mask);
  clauses.addOperand("bias", bias);
  clauses.addOperand("key_scale", keyScale);
  clauses.addOperand("value_scale", valueScale);
  clauses.addOperand("page_table", pageTable);
  clauses.addOffsets(offsets);
  clauses.addLayout(layout);
}

ParseResult attn::parseModifiers(
    OpAsmParser &parser, IntegerAttr &windowLeft, IntegerAttr &windowRight,
    UnitAttr &bottomRight, OptionalOperand &causalOffset, FloatAttr &scale,
    OptionalOperand &dynamicScale, FloatAttr &softcap, OptionalOperand &kvLen,
    OptionalOperand &qLen, OptionalOperand &mask, OptionalOperand &bias,
    OptionalOperand &keyScale, OptionalOperand &valueScale,
    OptionalOperand &pageTable, OperandList &offsets, LayoutAttr &layout) {
  ClauseParser clauses(parser);
  addModifiers(clauses, windowLeft, windowRight, bottomRight, causalOffset,
               scale, dynamicScale, softcap, kvLen, qLen, mask, bias, keyScale,
               valueScale, pageTable, offsets, layout);
  return clauses.parse();
}

ParseResult attn::parseSdpaModifiers(
    OpAsmParser &parser, IntegerAttr &windowLeft, IntegerAttr &windowRight,
    UnitAttr &bottomRight, OptionalOperand &causalOffset, FloatAttr &scale,
    OptionalOperand &dynamicScale, FloatAttr &softcap, OptionalOperand &kvLen,
    OptionalOperand &qLen, OptionalOperand &mask, OptionalOperand &bias,
    OptionalOperand &keyScale, OptionalOperand &valueScale,
    OptionalOperand &pageTable, OperandList &offsets, LayoutAttr &layout,
    OptionalOperand &sinks, StrategyAttrInterface &strategy) {
  ClauseParser clauses(parser);
  addModifiers(clauses, windowLeft, windowRight, bottomRight, causalOffset,
               scale, dynamicScale, softcap, kvLen, qLen, mask, bias, keyScale,
               valueScale, pageTable, offsets, layout);
  clauses.addOperand("sinks", sinks);
  clauses.add("strategy", [&]() -> ParseResult {
    if (parser.parseLParen())
      return failure();
    SMLoc loc = parser.getCurrentLocation();
    Attribute attr;
    if (parser.parseAttribute(attr))
      return failure();
    strategy = dyn_cast<StrategyAttrInterface>(attr);
    if (!strategy)
      return parser.emitError(loc, "expected a strategy such as "
                                   "#attn.blockwise, but got ")
             << attr;
    return parser.parseRParen();
  });
  return clauses.parse();
}

ParseResult attn::parseSinks(OpAsmParser &parser, OptionalOperand &sinks) {
  ClauseParser clauses(parser);
  clauses.addOperand("sinks", sinks);
  return clauses.parse();
}

ParseResult attn::parseLayout(OpAsmParser &parser, LayoutAttr &layout) {
  ClauseParser clauses(parser);
  clauses.addLayout(layout);
  return clauses.parse();
}

ParseResult attn::parseMergeClauses(OpAsmParser &parser, MergeAlgoAttr &algo,
                                    IntegerAttr &root, TypeAttr &payload) {
  ClauseParser clauses(parser);
  clauses.addEnum(
      "algo", "tree, allgather or allreduce",
      [](StringRef name) { return symbolizeMergeAlgo(name); }, algo);
  clauses.addInteger("root", root);
  clauses.add("payload", [&]() -> ParseResult {
    Type type;
    if (parser.parseLParen() || parser.parseType(type) || parser.parseRParen())
      return failure();
    payload = TypeAttr::get(type);
    return success();
  });
  return clauses.parse();
}

ParseResult attn::parseStarClauses(
    OpAsmParser &parser, OptionalOperand &sinks, OptionalOperand &contextLen,
    IntegerAttr &blockSize, IntegerAttr &anchorSize, StarAnchorAttr &anchor,
    OptionalOperand &anchorKey, OptionalOperand &anchorValue) {
  ClauseParser clauses(parser);
  clauses.addOperand("sinks", sinks);
  clauses.addOperand("context_len", contextLen);
  clauses.addInteger("block_size", blockSize);
  clauses.addInteger("anchor_size", anchorSize);
  clauses.addEnum(
      "anchor", "first or previous",
      [](StringRef name) { return symbolizeStarAnchor(name); }, anchor);
  clauses.addKeyValue("anchors", "two anchors", anchorKey, anchorValue);
  SMLoc loc = parser.getCurrentLocation();
  if (clauses.parse())
    return failure();
  if (!blockSize || !anchorSize)
    return parser.emitError(loc,
                            "expected block_size(...) and anchor_size(...)");
  return success();
}

/// The clauses of `clauses` and those of blocks and their prefixes.
static ParseResult parseBlocks(ClauseParser &clauses, IntegerAttr &blockLen,
                               IntegerAttr &prefixLen,
                               OptionalOperand &prefixKey,
                               OptionalOperand &prefixValue) {
  clauses.addInteger("block_len", blockLen);
  clauses.addInteger("prefix_len", prefixLen);
  clauses.addKeyValue("prefix", "a prefix of two", prefixKey, prefixValue);
  SMLoc loc = clauses.parser.getCurrentLocation();
  if (clauses.parse())
    return failure();
  if (!blockLen)
    return clauses.parser.emitError(loc, "expected block_len(...)");
  return success();
}

ParseResult attn::parseBlockLocalClauses(OpAsmParser &parser,
                                         OptionalOperand &sinks,
                                         IntegerAttr &blockLen,
                                         IntegerAttr &prefixLen,
                                         OptionalOperand &prefixKey,
                                         OptionalOperand &prefixValue) {
  ClauseParser clauses(parser);
  clauses.addOperand("sinks", sinks);
  return parseBlocks(clauses, blockLen, prefixLen, prefixKey, prefixValue);
}

ParseResult attn::parseSparqClauses(OpAsmParser &parser, IntegerAttr &rank,
                                    IntegerAttr &topK, IntegerAttr &localWindow,
                                    ReallocAttr &realloc,
                                    GroupReduceAttr &groupReduce,
                                    KeyLayoutAttr &keyLayout,
                                    OptionalOperand &keyT,
                                    OptionalOperand &valueMean) {
  ClauseParser clauses(parser);
  clauses.addInteger("rank", rank);
  clauses.addInteger("top_k", topK);
  clauses.addInteger("local_window", localWindow);
  clauses.addEnum(
      "realloc", "auto, on or off",
      [](StringRef name) { return symbolizeRealloc(name); }, realloc);
  clauses.addEnum(
      "group_reduce", "prob or logit",
      [](StringRef name) { return symbolizeGroupReduce(name); }, groupReduce);
  clauses.addEnum(
      "key_layout", "twice or once",
      [](StringRef name) { return symbolizeKeyLayout(name); }, keyLayout);
  clauses.addOperand("key_t", keyT);
  clauses.addOperand("value_mean", valueMean);
  SMLoc loc = parser.getCurrentLocation();
  if (clauses.parse())
    return failure();
  if (!rank || !topK)
    return parser.emitError(loc, "expected rank(...) and top_k(...)");
  return success();
}

ParseResult attn::parseBlockLocalStepClauses(
    OpAsmParser &parser, OptionalOperand &sinks, IntegerAttr &blockLen,
    IntegerAttr &blockLenQ, IntegerAttr &prefixLen, OptionalOperand &prefixKey,
    OptionalOperand &prefixValue) {
  ClauseParser clauses(parser);
  clauses.addOperand("sinks", sinks);
  clauses.addInteger("block_len_q", blockLenQ);
  return parseBlocks(clauses, blockLen, prefixLen, prefixKey, prefixValue);
}

ParseResult attn::parseScoresClauses(OpAsmParser &parser,
                                     OptionalOperand &channels,
                                     OptionalOperand &factor,
                                     OptionalOperand &keyT) {
  ClauseParser clauses(parser);
  clauses.addOperand("channels", channels);
  clauses.addOperand("factor", factor);
  clauses.addOperand("key_t", keyT);
  return clauses.parse();
}

ParseResult attn::parseGatherClauses(OpAsmParser &parser,
                                     OptionalOperand &keyScale,
                                     OptionalOperand &valueScale,
                                     OptionalOperand &pageTable,
                                     LayoutAttr &layout) {
  ClauseParser clauses(parser);
  clauses.addOperand("key_scale", keyScale);
  clauses.addOperand("value_scale", valueScale);
  clauses.addOperand("page_table", pageTable);
  clauses.addLayout(layout);
  return clauses.parse();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static void printClause(OpAsmPrinter &printer, StringRef keyword, Value value) {
  if (value)
    printer << ' ' << keyword << '(' << value << ')';
}

static void printClause(OpAsmPrinter &printer, StringRef keyword,
                        FloatAttr number) {
  if (!number)
    return;
  printer << ' ' << keyword << '(';
  printer.printAttributeWithoutType(number);
  printer << ')';
}

/// `causal` | `window(left, right)` | nothing.
static void printWindow(OpAsmPrinter &printer, IntegerAttr left,
                        IntegerAttr right) {
  int64_t leftSize = left ? left.getInt() : -1;
  int64_t rightSize = right ? right.getInt() : -1;
  if (leftSize == -1 && rightSize == 0)
    printer << " causal";
  else if (leftSize != -1 || rightSize != -1)
    printer << " window(" << leftSize << ", " << rightSize << ')';
}

void attn::printModifiers(OpAsmPrinter &printer, Operation *op,
                          IntegerAttr windowLeft, IntegerAttr windowRight,
                          UnitAttr bottomRight, Value causalOffset,
                          FloatAttr scale, Value dynamicScale,
                          FloatAttr softcap, Value kvLen, Value qLen,
                          Value mask, Value bias, Value keyScale,
                          Value valueScale, Value pageTable,
                          OperandRange offsets, LayoutAttr layout) {
  printWindow(printer, windowLeft, windowRight);
  if (bottomRight)
    printer << " bottom_right";
  printClause(printer, "causal_offset", causalOffset);
  printClause(printer, "scale", scale);
  printClause(printer, "dynamic_scale", dynamicScale);
  printClause(printer, "softcap", softcap);
  printClause(printer, "kv_len", kvLen);
  printClause(printer, "q_len", qLen);
  printClause(printer, "mask", mask);
  printClause(printer, "bias", bias);
  printClause(printer, "key_scale", keyScale);
  printClause(printer, "value_scale", valueScale);
  printClause(printer, "page_table", pageTable);
  if (!offsets.empty())
    printer << " offsets(" << offsets << ')';
  printLayout(printer, op, layout);
}

void attn::printSdpaModifiers(OpAsmPrinter &printer, Operation *op,
                              IntegerAttr windowLeft, IntegerAttr windowRight,
                              UnitAttr bottomRight, Value causalOffset,
                              FloatAttr scale, Value dynamicScale,
                              FloatAttr softcap, Value kvLen, Value qLen,
                              Value mask, Value bias, Value keyScale,
                              Value valueScale, Value pageTable,
                              OperandRange offsets, LayoutAttr layout,
                              Value sinks, StrategyAttrInterface strategy) {
  printModifiers(printer, op, windowLeft, windowRight, bottomRight,
                 causalOffset, scale, dynamicScale, softcap, kvLen, qLen, mask,
                 bias, keyScale, valueScale, pageTable, offsets, layout);
  printSinks(printer, op, sinks);
  if (strategy)
    printer << " strategy(" << strategy << ')';
}

void attn::printSinks(OpAsmPrinter &printer, Operation *, Value sinks) {
  printClause(printer, "sinks", sinks);
}

void attn::printLayout(OpAsmPrinter &printer, Operation *, LayoutAttr layout) {
  if (layout)
    printer << " layout(" << stringifyLayout(layout.getValue()) << ')';
}

void attn::printMergeClauses(OpAsmPrinter &printer, Operation *,
                             MergeAlgoAttr algo, IntegerAttr root,
                             TypeAttr payload) {
  if (algo && algo.getValue() != MergeAlgo::tree)
    printer << " algo(" << stringifyMergeAlgo(algo.getValue()) << ')';
  if (root)
    printer << " root(" << root.getInt() << ')';
  if (payload)
    printer << " payload(" << payload.getValue() << ')';
}

void attn::printStarClauses(OpAsmPrinter &printer, Operation *op, Value sinks,
                            Value contextLen, IntegerAttr blockSize,
                            IntegerAttr anchorSize, StarAnchorAttr anchor,
                            Value anchorKey, Value anchorValue) {
  printSinks(printer, op, sinks);
  printClause(printer, "context_len", contextLen);
  printer << " block_size(" << blockSize.getInt() << ") anchor_size("
          << anchorSize.getInt() << ')';
  if (anchor && anchor.getValue() != StarAnchor::first)
    printer << " anchor(" << stringifyStarAnchor(anchor.getValue()) << ')';
  if (anchorKey)
    printer << " anchors(" << anchorKey << ", " << anchorValue << ')';
}

void attn::printBlockLocalClauses(OpAsmPrinter &printer, Operation *op,
                                  Value sinks, IntegerAttr blockLen,
                                  IntegerAttr prefixLen, Value prefixKey,
                                  Value prefixValue) {
  printSinks(printer, op, sinks);
  printer << " block_len(" << blockLen.getInt() << ')';
  if (prefixLen)
    printer << " prefix_len(" << prefixLen.getInt() << ')';
  if (prefixKey)
    printer << " prefix(" << prefixKey << ", " << prefixValue << ')';
}

void attn::printSparqClauses(OpAsmPrinter &printer, Operation *,
                             IntegerAttr rank, IntegerAttr topK,
                             IntegerAttr localWindow, ReallocAttr realloc,
                             GroupReduceAttr groupReduce,
                             KeyLayoutAttr keyLayout, Value keyT,
                             Value valueMean) {
  printer << " rank(" << rank.getInt() << ") top_k(" << topK.getInt() << ')';
  if (localWindow && localWindow.getInt() != 0)
    printer << " local_window(" << localWindow.getInt() << ')';
  if (realloc && realloc.getValue() != Realloc::automatic)
    printer << " realloc(" << stringifyRealloc(realloc.getValue()) << ')';
  if (groupReduce && groupReduce.getValue() != GroupReduce::prob)
    printer << " group_reduce(" << stringifyGroupReduce(groupReduce.getValue())
            << ')';
  if (keyLayout && keyLayout.getValue() != KeyLayout::twice)
    printer << " key_layout(" << stringifyKeyLayout(keyLayout.getValue())
            << ')';
  printClause(printer, "key_t", keyT);
  printClause(printer, "value_mean", valueMean);
}

void attn::printBlockLocalStepClauses(OpAsmPrinter &printer, Operation *op,
                                      Value sinks, IntegerAttr blockLen,
                                      IntegerAttr blockLenQ,
                                      IntegerAttr prefixLen, Value prefixKey,
                                      Value prefixValue) {
  printSinks(printer, op, sinks);
  printer << " block_len(" << blockLen.getInt() << ')';
  if (blockLenQ)
    printer << " block_len_q(" << blockLenQ.getInt() << ')';
  if (prefixLen)
    printer << " prefix_len(" << prefixLen.getInt() << ')';
  if (prefixKey && prefixValue)
    printer << " prefix(" << prefixKey << ", " << prefixValue << ')';
}

void attn::printScoresClauses(OpAsmPrinter &printer, Operation *,
                              Value channels, Value factor, Value keyT) {
  printClause(printer, "channels", channels);
  printClause(printer, "factor", factor);
  printClause(printer, "key_t", keyT);
}

void attn::printGatherClauses(OpAsmPrinter &printer, Operation *op,
                              Value keyScale, Value valueScale, Value pageTable,
                              LayoutAttr layout) {
  printClause(printer, "key_scale", keyScale);
  printClause(printer, "value_scale", valueScale);
  printClause(printer, "page_table", pageTable);
  printLayout(printer, op, layout);
}
