//===- lib/ExecutionEngine/OutputFiles.cpp - All files or none ------------===//
//
// Part of attn-mlir.
//
// Temporary files beside their destinations, renamed when all are complete.
//
//===----------------------------------------------------------------------===//

#include "OutputFiles.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::attn;

/// A device or pipe is written to; the rename would put a file in its place.
static bool isWrittenInPlace(StringRef path) {
  return path == "-" ||
         (sys::fs::exists(path) && !sys::fs::is_regular_file(path));
}

static Error cannotWrite(StringRef path, Error why) {
  return createStringError("cannot write '" + path +
                           "': " + toString(std::move(why)));
}

Error mlir::attn::checkWritable(StringRef path) {
  if (path == "-")
    return Error::success();
  auto fail = [&](std::errc code) {
    return cannotWrite(path, errorCodeToError(std::make_error_code(code)));
  };
  if (sys::fs::is_directory(path))
    return fail(std::errc::is_a_directory);
  StringRef folder = sys::path::parent_path(path);
  if (folder.empty())
    folder = ".";
  if (!sys::fs::is_directory(folder))
    return fail(std::errc::no_such_file_or_directory);
  if (!isWrittenInPlace(path) && !sys::fs::can_write(folder))
    return fail(std::errc::permission_denied);
  return Error::success();
}

/// Writes to an open file, or says why not.
static Error writeAll(raw_fd_ostream &os, ArrayRef<char> bytes) {
  os.write(bytes.data(), bytes.size());
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return errorCodeToError(code);
}

Error mlir::attn::writeFiles(ArrayRef<OutputFile> files) {
  SmallVector<std::pair<sys::fs::TempFile, StringRef>, 2> pending;
  auto discard = [&](Error error) {
    for (auto &[file, path] : pending)
      error = joinErrors(std::move(error), file.discard());
    return error;
  };
  for (const OutputFile &output : files) {
    if (isWrittenInPlace(output.path))
      continue;
    auto file = sys::fs::TempFile::create(
        output.path + ".tmp-%%%%%%",
        output.executable ? sys::fs::all_all
                          : sys::fs::all_read | sys::fs::all_write);
    if (!file)
      return discard(cannotWrite(output.path, file.takeError()));
    pending.emplace_back(std::move(*file), output.path);
    raw_fd_ostream os(pending.back().first.FD, /*shouldClose=*/false);
    if (Error error = writeAll(os, output.bytes))
      return discard(cannotWrite(output.path, std::move(error)));
  }
  for (const OutputFile &output : files) {
    if (!isWrittenInPlace(output.path))
      continue;
    std::error_code code;
    raw_fd_ostream os(output.path, code);
    Error error = code ? errorCodeToError(code) : writeAll(os, output.bytes);
    if (error)
      return discard(cannotWrite(output.path, std::move(error)));
  }
  while (!pending.empty()) {
    auto [file, path] = std::move(pending.front());
    pending.erase(pending.begin());
    if (Error error = file.keep(path))
      return discard(cannotWrite(path, std::move(error)));
  }
  return Error::success();
}
