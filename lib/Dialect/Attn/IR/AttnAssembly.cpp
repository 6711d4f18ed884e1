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
  void addLayout(LayoutAttr &layout) {
    add("layout", [this, &layout]() -> ParseResult {
      if (parser.parseLParen())
        return failure();
      StringRef name;
      SMLoc loc = parser.getCurrentLocation();
      if (failed(parser.parseOptionalKeyword(&name)))
        return parser.emitError(loc, "expected layout bhsd or bshd");
      std::optional<Layout> value = symbolizeLayout(name);
      if (!value)
        return parser.emitError(loc, "expected layout bhsd or bshd, but got ")
               << name;
      layout = LayoutAttr::get(parser.getContext(), *value);
      return parser.parseRParen();
    });
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
