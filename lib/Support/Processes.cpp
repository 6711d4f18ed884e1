//===- Processes.cpp - Other programs and their files ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Runs linkers and assemblers on temporary files.
//
//===----------------------------------------------------------------------===//

#include "attn/Support/Processes.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::attn;

Expected<std::unique_ptr<TemporaryFolder>> TemporaryFolder::create() {
  SmallString<128> path;
  if (std::error_code code = sys::fs::createUniqueDirectory("attn", path))
    return createStringError("cannot create a temporary folder: " +
                             code.message());
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

TemporaryFolder::~TemporaryFolder() { sys::fs::remove_directories(path); }

std::string TemporaryFolder::file(StringRef name) const {
  SmallString<128> full(path);
  sys::path::append(full, name);
  return full.str().str();
}

Expected<std::string> TemporaryFolder::write(StringRef name,
                                             StringRef bytes) const {
  std::string full = file(name);
  std::error_code code;
  raw_fd_ostream os(full, code);
  if (!code) {
    os << bytes;
    os.flush();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return createStringError("cannot write '" + full + "': " + code.message());
  return full;
}

Expected<SmallVector<char, 0>> TemporaryFolder::read(StringRef name) const {
  auto bytes = MemoryBuffer::getFile(file(name), /*IsText=*/false,
                                     /*RequiresNullTerminator=*/false);
  if (!bytes)
    return createStringError(bytes.getError().message());
  StringRef content = (*bytes)->getBuffer();
  return SmallVector<char, 0>(content.begin(), content.end());
}

bool mlir::attn::runProgram(ArrayRef<std::string> command,
                            const TemporaryFolder &folder,
                            std::string &output) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::string log = folder.file("log");
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string why;
  int code = sys::ExecuteAndWait(command.front(), arguments, std::nullopt,
                                 redirects, /*SecondsToWait=*/0,
                                 /*MemoryLimit=*/0, &why);
  auto text = MemoryBuffer::getFile(log);
  output = text ? (*text)->getBuffer().trim().str() : "";
  if (!why.empty())
    output += (output.empty() ? "" : "\n") + why;
  return code == 0;
}
