//===- lib/ExecutionEngine/SharedObject.cpp - Compiled before -------------===//
//
// Part of attn-mlir.
//
// Reads shared objects as files before any of their code may run.
//
//===----------------------------------------------------------------------===//

#include "SharedObject.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Runtime/AbiHelpers.h"
#include "attn/Runtime/Comm.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

#include <cstring>
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::enumerate;
using llvm::Error;
using llvm::Expected;
using llvm::MemoryBuffer;
using llvm::zip_equal;
namespace object = llvm::object;
namespace sys = llvm::sys;

bool mlir::attn::isSharedObject(StringRef path) {
  if (path.ends_with(".so"))
    return true;
  llvm::file_magic magic;
  if (llvm::identify_magic(path, magic))
    return false;
  return magic == llvm::file_magic::elf ||
         magic == llvm::file_magic::elf_shared_object ||
         magic == llvm::file_magic::elf_relocatable ||
         magic == llvm::file_magic::elf_executable;
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

/// The text in a section, which a zero byte ends; nothing without the section.
static Expected<std::optional<StringRef>>
readText(const object::ObjectFile &file, StringRef name) {
  for (const object::SectionRef &section : file.sections()) {
    Expected<StringRef> found = section.getName();
    if (!found)
      return found.takeError();
    if (*found != name)
      continue;
    Expected<StringRef> contents = section.getContents();
    if (!contents)
      return contents.takeError();
    return contents->take_until([](char c) { return c == '\0'; });
  }
  return std::nullopt;
}

/// Whether all that is to be mapped is in the file: what is beyond its end
/// would kill the process.
static Error checkSegments(const object::ELF64LEObjectFile &file,
                           uint64_t size) {
  auto headers = file.getELFFile().program_headers();
  if (!headers)
    return headers.takeError();
  for (const auto &header : *headers)
    if (header.p_offset > size || header.p_filesz > size - header.p_offset)
      return createStringError("a segment ends beyond the file");
  return Error::success();
}

/// Whether this machine has what the code uses.
static Error checkProcessor(const Manifest &manifest) {
  llvm::StringMap<bool> features = sys::getHostCPUFeatures();
  SmallVector<StringRef> missing;
  for (const std::string &feature : manifest.requiredFeatures)
    if (!features.lookup(feature))
      missing.push_back(feature);
  if (missing.empty())
    return Error::success();
  return createStringError("it was compiled for " + manifest.cpu +
                           "; this machine lacks " + llvm::join(missing, ", ") +
                           "; compile with another --mcpu");
}

Expected<SharedObject> SharedObject::open(MLIRContext *context,
                                          StringRef path) {
  auto fail = [&](const Twine &why) {
    return createStringError("'" + path + "': " + why);
  };
  auto failWith = [&](Error error) {
    return fail("cannot be used: " + toString(std::move(error)));
  };
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("cannot be read: " + buffer.getError().message());
  llvm::MemoryBufferRef bytes = **buffer;
  if (llvm::identify_magic(bytes.getBuffer()) !=
      llvm::file_magic::elf_shared_object)
    return fail("is not a shared object; attn-run takes .mlir and what "
                "attn-compile -o FILE.so makes");
  auto parsed = object::ObjectFile::createELFObjectFile(bytes);
  if (!parsed)
    return fail("is truncated or damaged: " + toString(parsed.takeError()));
  auto *file = dyn_cast<object::ELF64LEObjectFile>(parsed->get());
  llvm::Triple host(sys::getProcessTriple());
  if (!file || file->getArch() != host.getArch())
    return fail("is for another machine");
  if (Error error = checkSegments(*file, bytes.getBufferSize()))
    return fail("is truncated or damaged: " + toString(std::move(error)));
  auto manifest = readText(*file, kManifestSection);
  if (!manifest)
    return fail("is truncated or damaged: " + toString(manifest.takeError()));
  if (!*manifest)
    return fail("was not made by attn-compile: it has no manifest");

  SharedObject opened;
  opened.context = context;
  opened.file = path.str();
  auto contents = readManifest(context, **manifest);
  if (!contents)
    return failWith(contents.takeError());
  opened.contents = std::move(*contents);
  if (opened.contents.hasModule) {
    auto module = readText(*file, kModuleSection);
    if (!module)
      return failWith(module.takeError());
    if (!*module)
      return fail("cannot be used: its module is missing");
    opened.module = (*module)->str();
  }
  if (Error error = checkProcessor(opened.contents))
    return failWith(std::move(error));

  SmallString<128> real;
  if (std::error_code code = sys::fs::real_path(path, real))
    return fail("cannot be read: " + code.message());
  // Never closed: threads of its OpenMP runtime outlive every call.
  opened.handle = dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened.handle)
    return fail(Twine("cannot be loaded: ") + dlerror());
  return std::move(opened);
}

Expected<void *> SharedObject::lookup(StringRef name) const {
  if (void *address = dlsym(handle, name.str().c_str()))
    return address;
  return createStringError("'" + file + "': exports no '" + name + "'");
}

//===----------------------------------------------------------------------===//
// A function
//===----------------------------------------------------------------------===//

Expected<SharedFunction>
SharedFunction::create(const SharedObject &object,
                       const FunctionSignature &signature) {
  SharedFunction function;
  function.name = signature.name;
  function.context = object.getContext();
  for (const ParameterSignature &result : signature.results)
    function.resultTypes.push_back(result.type);
  for (auto [i, argument] : enumerate(signature.arguments))
    if (argument.inout && isa<RankedTensorType>(argument.type))
      function.updated.push_back(i);
  Error error = Error::success();
  auto find = [&](auto &pointer, const Twine &name) {
    Expected<void *> address = object.lookup(name.str());
    if (address)
      pointer = reinterpret_cast<std::decay_t<decltype(pointer)>>(*address);
    else
      error = joinErrors(std::move(error), address.takeError());
  };
  find(function.entry, signature.name);
  find(function.resultShapes, signature.name + "_result_shapes");
  find(function.workspaceBytes, signature.name + "_workspace_bytes");
  find(function.explain, signature.name + "_explain");
  find(function.statusString, "attn_status_string");
  find(function.openMPExec, "attn_openmp_exec");
  function.isOnGpu = object.manifest().kind == "cuda";
  if (function.isOnGpu)
    find(function.gpuError, "attn_gpu_error");
  if (error)
    return std::move(error);
  return std::move(function);
}

static attn_tensor describe(TensorValue &value) {
  if (isa<CommType>(value.element())) {
    void *comm;
    std::memcpy(&comm, value.data(), sizeof(comm));
    return attn_contiguous(comm, ATTN_COMM, 0, nullptr);
  }
  return attn_contiguous(value.data(), getAbiElement(value.element())->dtype,
                         static_cast<int32_t>(value.shape().size()),
                         value.shape().data());
}

Error SharedFunction::bind(MutableArrayRef<TensorValue> inputs,
                           int32_t threads) {
  openMPExec(&exec, threads);
  bound = inputs;
  arguments.clear();
  for (TensorValue &input : inputs)
    arguments.push_back(describe(input));
  resultTensors.assign(resultTypes.size(), attn_tensor());
  if (Error error =
          check(resultShapes(arguments.data(), arguments.size(),
                             resultTensors.data(), resultTensors.size())))
    return error;
  values.clear();
  for (auto [type, tensor] : zip_equal(resultTypes, resultTensors)) {
    if (tensor.rank < 0 || tensor.rank > ATTN_MAX_RANK)
      return createStringError("'" + name + "_result_shapes' gives a rank of " +
                               Twine(tensor.rank));
    auto value = TensorValue::create(getElementTypeOrSelf(type),
                                     ArrayRef(tensor.sizes, tensor.rank),
                                     !isa<ShapedType>(type));
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
    tensor = describe(values.back());
  }
  size_t bytes = 0;
  if (Error error = check(
          workspaceBytes(arguments.data(), arguments.size(), &exec, &bytes)))
    return error;
  if (isOnGpu)
    return bindGpu(bytes);
  auto block = TensorValue::create(IntegerType::get(context, 8),
                                   static_cast<int64_t>(bytes));
  if (!block)
    return block.takeError();
  workspace.clear();
  workspace.push_back(std::move(*block));
  return Error::success();
}

/// Copies the arguments to the GPU, and makes room there for the rest.
Error SharedFunction::bindGpu(size_t workspaceBytes) {
  buffers.clear();
  auto add = [&](int64_t bytes, const void *host) -> Expected<void *> {
    auto buffer = DeviceBuffer::create(bytes);
    if (!buffer)
      return buffer.takeError();
    if (host)
      if (Error error = buffer->copyIn(host))
        return std::move(error);
    buffers.push_back(std::move(*buffer));
    return buffers.back().data();
  };
  // Scalars stay the host's.
  auto move = [&](TensorValue &value, attn_tensor &tensor) -> Error {
    if (value.isScalar())
      return Error::success();
    Expected<void *> data = add(value.numBytes(), value.data());
    if (!data)
      return data.takeError();
    tensor.data = *data;
    return Error::success();
  };
  for (auto [value, tensor] : zip_equal(bound, arguments))
    if (Error error = move(value, tensor))
      return error;
  for (auto [value, tensor] : zip_equal(values, resultTensors))
    if (Error error = move(value, tensor))
      return error;
  gpuWorkspaceBytes = workspaceBytes;
  Expected<void *> data = add(workspaceBytes, nullptr);
  if (!data)
    return data.takeError();
  gpuWorkspace = *data;
  return Error::success();
}

Error SharedFunction::finish() {
  if (!isOnGpu)
    return Error::success();
  if (Error error = waitForGpu())
    return error;
  size_t next = 0;
  for (TensorValue &value : bound)
    if (!value.isScalar())
      if (Error error = buffers[next++].copyOut(value.data()))
        return error;
  for (TensorValue &value : values)
    if (!value.isScalar())
      if (Error error = buffers[next++].copyOut(value.data()))
        return error;
  return Error::success();
}

int32_t SharedFunction::call() {
  void *memory = isOnGpu ? gpuWorkspace : workspace.front().data();
  size_t bytes = isOnGpu ? gpuWorkspaceBytes : workspace.front().numBytes();
  return entry(arguments.data(), arguments.size(), resultTensors.data(),
               resultTensors.size(), memory, bytes, &exec);
}

Error SharedFunction::check(int32_t status) const {
  if (status == ATTN_OK)
    return Error::success();
  bool hasResults = !values.empty();
  // Only the communicator knows.
  if (status == ATTN_ERROR_COMM)
    for (const attn_tensor &argument : arguments)
      if (argument.dtype == ATTN_COMM) {
        auto *comm = static_cast<attn_comm *>(argument.data);
        return createStringError("rank " + Twine(comm->rank) + " of " +
                                 Twine(comm->size) + ": '" + name +
                                 "': " + comm->error_string(comm));
      }
  if (status == ATTN_ERROR_DEVICE && gpuError)
    return createStringError("'" + name + "': " + gpuError());
  const char *why = explain(arguments.data(), arguments.size(),
                            hasResults ? resultTensors.data() : nullptr,
                            hasResults ? resultTensors.size() : 0);
  return createStringError("'" + name + "' gives status " + Twine(status) +
                           ": " + (why ? why : statusString(status)));
}

SmallVector<TensorValue> SharedFunction::results() const {
  SmallVector<TensorValue> all;
  for (const TensorValue &value : values)
    all.push_back(value.clone());
  for (unsigned argument : updated)
    all.push_back(bound[argument].clone());
  return all;
}
