//===- lib/ExecutionEngine/Npy.cpp - .npy files ---------------------------===//
//
// Part of attn-mlir.
//
// A small strict reader and writer of numpy's .npy files.
// Format: numpy/lib/format.py, "Format Version 1.0" to "3.0".
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::attn;

static constexpr StringLiteral kMagic = "\x93NUMPY";
static constexpr StringLiteral kSaveAgain =
    "save it with np.save(f, np.ascontiguousarray(x))";

std::string NpyDtype::name() const {
  switch (kind) {
  case 'f':
    return formatv("float{0}", bytes * 8);
  case 'i':
    return formatv("int{0}", bytes * 8);
  case 'u':
    return formatv("uint{0}", bytes * 8);
  case 'b':
    return "bool";
  default:
    return formatv("void{0}", bytes * 8);
  }
}

/// Text from a file, fit for a terminal.
static std::string quote(StringRef text) {
  std::string quoted;
  raw_string_ostream os(quoted);
  os << '\'';
  printEscapedString(text.take_front(40), os);
  os << (text.size() > 40 ? "...'" : "'");
  return quoted;
}

namespace {
/// Reads the header, a Python dict literal with three known keys.
class HeaderParser {
public:
  HeaderParser(StringRef text, StringRef name) : rest(text), name(name) {}

  Error parse(NpyArray &array);

private:
  Error fail(const Twine &why) {
    return createStringError(Twine(name) + ": " + why);
  }
  Error malformed(const Twine &what) {
    return fail("malformed .npy header: " + what + "; " + kSaveAgain);
  }
  bool consume(char c) {
    rest = rest.ltrim();
    return rest.consume_front(StringRef(&c, 1));
  }
  Error parseString(StringRef &out);
  Error parseDescr(NpyDtype &dtype);
  Error parseShape(SmallVectorImpl<int64_t> &shape);

  StringRef rest, name;
};
} // namespace

Error HeaderParser::parseString(StringRef &out) {
  rest = rest.ltrim();
  if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
    return malformed("expected a quoted string");
  size_t end = rest.find(rest.front(), 1);
  if (end == StringRef::npos)
    return malformed("unterminated string");
  out = rest.slice(1, end);
  rest = rest.drop_front(end + 1);
  return Error::success();
}

Error HeaderParser::parseDescr(NpyDtype &dtype) {
  rest = rest.ltrim();
  if (rest.starts_with("["))
    return fail("structured dtypes are not supported; save one field, e.g. "
                "np.save(f, np.ascontiguousarray(x['field']))");
  StringRef descr;
  if (Error error = parseString(descr))
    return error;
  char order = '|';
  StringRef type = descr;
  if (!type.empty() && StringRef("<>|=").contains(type.front())) {
    order = type.front();
    type = type.drop_front();
  }
  unsigned bytes;
  if (type.size() < 2 || type.drop_front().getAsInteger(10, bytes))
    return fail("dtype " + quote(descr) +
                " is not supported; convert it, e.g. "
                "x.astype(np.float32)");
  dtype = {type.front(), bytes};
  auto known = [&] {
    switch (dtype.kind) {
    case 'f':
      return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    case 'i':
    case 'u':
      return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    case 'b':
      return bytes == 1;
    case 'V':
      return bytes == 1 || bytes == 2;
    default:
      return false;
    }
  };
  if (!known())
    return fail("dtype " + quote(descr) +
                " is not supported; convert it, e.g. "
                "x.astype(np.float32)");
  if (order == '>' && bytes > 1)
    return fail("big-endian dtype " + quote(descr) +
                "; save it with np.save(f, "
                "x.astype(x.dtype.newbyteorder('<')))");
  return Error::success();
}

Error HeaderParser::parseShape(SmallVectorImpl<int64_t> &shape) {
  shape.clear();
  if (!consume('('))
    return malformed("expected a tuple for 'shape'");
  while (!consume(')')) {
    rest = rest.ltrim();
    StringRef digits = rest.take_while(isDigit);
    int64_t size;
    if (digits.empty() || digits.getAsInteger(10, size))
      return malformed("bad number in 'shape'");
    rest = rest.drop_front(digits.size());
    shape.push_back(size);
    if (consume(','))
      continue;
    if (!consume(')'))
      return malformed("expected ',' or ')' in 'shape'");
    break;
  }
  return Error::success();
}

Error HeaderParser::parse(NpyArray &array) {
  bool hasDescr = false, hasOrder = false, hasShape = false;
  if (!consume('{'))
    return malformed("expected '{'");
  while (!consume('}')) {
    StringRef key;
    if (Error error = parseString(key))
      return error;
    if (!consume(':'))
      return malformed("expected ':' after " + quote(key));
    if (key == "descr") {
      hasDescr = true;
      if (Error error = parseDescr(array.dtype))
        return error;
    } else if (key == "fortran_order") {
      hasOrder = true;
      rest = rest.ltrim();
      if (rest.consume_front("True"))
        return fail(Twine("Fortran order; ") + kSaveAgain);
      if (!rest.consume_front("False"))
        return malformed("'fortran_order' is neither True nor False");
    } else if (key == "shape") {
      hasShape = true;
      if (Error error = parseShape(array.shape))
        return error;
    } else {
      return malformed("unknown key " + quote(key));
    }
    if (consume(','))
      continue;
    if (!consume('}'))
      return malformed("expected ',' or '}'");
    break;
  }
  if (!hasDescr || !hasOrder || !hasShape)
    return malformed("needs 'descr', 'fortran_order' and 'shape'");
  if (!rest.trim(" \n\t").empty())
    return malformed("text after the dictionary");
  return Error::success();
}

Expected<NpyArray> mlir::attn::parseNpy(std::unique_ptr<MemoryBuffer> file,
                                        StringRef name) {
  auto fail = [&](const Twine &why) {
    return createStringError(Twine(name) + ": " + why);
  };
  StringRef bytes = file->getBuffer();
  if (!bytes.starts_with(kMagic))
    return fail(Twine("not a .npy file; ") + kSaveAgain);
  if (bytes.size() < 10)
    return fail(Twine("truncated .npy header; ") + kSaveAgain);
  unsigned major = static_cast<unsigned char>(bytes[6]);
  unsigned minor = static_cast<unsigned char>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0)
    return fail("unknown .npy version " + Twine(major) + "." + Twine(minor) +
                "; " + kSaveAgain);
  size_t start = major == 1 ? 10 : 12;
  if (bytes.size() < start)
    return fail(Twine("truncated .npy header; ") + kSaveAgain);
  size_t length = major == 1 ? support::endian::read16le(bytes.data() + 8)
                             : support::endian::read32le(bytes.data() + 8);
  if (length > bytes.size() - start)
    return fail(Twine("truncated .npy header; ") + kSaveAgain);

  NpyArray array;
  if (Error error =
          HeaderParser(bytes.substr(start, length), name).parse(array))
    return error;
  uint64_t expected = array.dtype.bytes;
  bool empty = llvm::is_contained(array.shape, 0);
  for (int64_t size : array.shape) {
    // An empty array may have sizes whose product does not fit.
    bool overflow = false;
    expected = SaturatingMultiply<uint64_t>(expected, size, &overflow);
    if (overflow && !empty)
      return fail(Twine("the shape holds more elements than memory can; ") +
                  kSaveAgain);
  }
  if (empty)
    expected = 0;
  uint64_t found = bytes.size() - start - length;
  if (found < expected)
    return fail("truncated: the header promises " + Twine(expected) +
                " bytes of data, found " + Twine(found) + "; " + kSaveAgain);
  if (found > expected)
    return fail("the header promises " + Twine(expected) +
                " bytes of data, found " + Twine(found) +
                "; a file holds one array: " + kSaveAgain);
  array.data = ArrayRef(bytes.data() + start + length, expected);
  array.file = std::move(file);
  return array;
}

Expected<NpyArray> mlir::attn::readNpy(StringRef path) {
  auto file = MemoryBuffer::getFile(path, /*IsText=*/false,
                                    /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError("cannot read '" + path +
                             "': " + file.getError().message());
  return parseNpy(std::move(*file), path);
}

Error mlir::attn::writeNpy(StringRef path, NpyDtype dtype,
                           ArrayRef<int64_t> shape, ArrayRef<char> data) {
  std::string header = "{'descr': '";
  header += dtype.bytes == 1 ? '|' : '<';
  header += dtype.kind;
  header += std::to_string(dtype.bytes) + "', 'fortran_order': False, ";
  header += "'shape': (";
  for (int64_t size : shape)
    header += std::to_string(size) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1)
    header.resize(header.size() - 2);
  header += "), }";
  // numpy aligns the data to 64 bytes and ends the header with a newline.
  size_t prefix = header.size() + 1 + 12 < 65535 ? 10 : 12;
  header.append(offsetToAlignment(prefix + header.size() + 1, Align(64)), ' ');
  header += '\n';

  auto write = [&](raw_ostream &os) -> Error {
    char length[4];
    support::endian::write32le(length, header.size());
    os << kMagic << (prefix == 10 ? '\1' : '\2') << '\0';
    os.write(length, prefix == 10 ? 2 : 4);
    os << header;
    os.write(data.data(), data.size());
    os.flush();
    // All streams of writeToOutput are files; an unread error aborts.
    auto &file = static_cast<raw_fd_ostream &>(os);
    if (!file.has_error())
      return Error::success();
    std::error_code code = file.error();
    file.clear_error();
    return errorCodeToError(code);
  };
  auto writeTo = [&]() -> Error {
    // A device or pipe is written to; the rename would put a file in its place.
    if (sys::fs::exists(path) && !sys::fs::is_regular_file(path)) {
      std::error_code code;
      raw_fd_ostream os(path, code);
      return code ? errorCodeToError(code) : write(os);
    }
    return writeToOutput(path, write);
  };
  if (Error error = writeTo())
    return createStringError("cannot write '" + path +
                             "': " + toString(std::move(error)));
  return Error::success();
}
