//===- lib/ExecutionEngine/Link.cpp - Objects to shared objects -----------===//
//
// Part of attn-mlir.
//
// Finds a linker and calls it on temporary files.
//
//===----------------------------------------------------------------------===//

#include "Link.h"

#include "attn/Support/Processes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace mlir::attn;

// lib/Runtime/SharedObject.c, compiled and embedded when we are built.
extern const unsigned char attn_shared_object_runtime[];
extern const unsigned long attn_shared_object_runtime_size;
// lib/Runtime/GpuLaunch.c, likewise.
extern const unsigned char attn_gpu_launch_runtime[];
extern const unsigned long attn_gpu_launch_runtime_size;

namespace {
/// A linker, or a compiler that knows how to call one.
struct Linker {
  std::string path;
  bool isDriver = true;
};
} // namespace

static Expected<Linker> findLinker(StringRef what, StringRef instead) {
  std::string version = std::to_string(LLVM_VERSION_MAJOR);
  SmallVector<std::string> tried = {
      "cc", "gcc", "clang", "clang-" + version, "ld.lld", "ld.lld-" + version};
  for (const std::string &name : tried)
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return Linker{*path, !StringRef(name).starts_with("ld")};
  return createStringError("no linker in PATH for " + what + ", tried " +
                           join(tried, ", ") + "; install one, or make " +
                           instead);
}

static Expected<std::string> writeRuntime(const TemporaryFolder &folder,
                                          StringRef name,
                                          const unsigned char *bytes,
                                          unsigned long size) {
  return folder.write(name,
                      StringRef(reinterpret_cast<const char *>(bytes), size));
}

Expected<SmallVector<char, 0>> mlir::attn::linkGpuObject(ArrayRef<char> object,
                                                         const Triple &triple) {
  Triple host(sys::getDefaultTargetTriple());
  if (triple.getArch() != host.getArch())
    return createStringError("--triple=" + triple.str() +
                             ": what launches kernels is there for " +
                             host.getArchName() + " only");
  Expected<Linker> linker = findLinker("an object with GPU kernels",
                                       "assembly (.s) or LLVM IR (.ll)");
  if (!linker)
    return linker.takeError();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  auto code =
      (*folder)->write("module.o", StringRef(object.data(), object.size()));
  if (!code)
    return code.takeError();
  auto runtime = writeRuntime(**folder, "gpu.o", attn_gpu_launch_runtime,
                              attn_gpu_launch_runtime_size);
  if (!runtime)
    return runtime.takeError();
  SmallVector<std::string> command = {linker->path, "-r"};
  if (linker->isDriver)
    command.push_back("-nostdlib");
  command.append({"-o", (*folder)->file("out.o"), *code, *runtime});
  std::string said;
  if (!runProgram(command, **folder, said))
    return createStringError("'" + linker->path + "' failed:\n" + said);
  return (*folder)->read("out.o");
}

Expected<SmallVector<char, 0>>
mlir::attn::linkSharedObject(ArrayRef<char> object, const Triple &triple,
                             ArrayRef<std::string> exports, bool launches,
                             raw_ostream &err) {
  Triple host(sys::getDefaultTargetTriple());
  if (triple.getArch() != host.getArch())
    return createStringError(
        "a shared object for " + triple.getArchName() +
        " cannot be linked on " + host.getArchName() +
        "; make an object (.o) and link it with your cross compiler");
  Expected<Linker> linker = findLinker("a shared object", "an object (.o)");
  if (!linker)
    return linker.takeError();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();

  std::string script = "{\n  global:\n";
  for (const std::string &name : exports)
    script += "    \"" + name + "\";\n";
  script += "  local: *;\n};\n";
  std::string output = (*folder)->file("out.so");
  auto code =
      (*folder)->write("module.o", StringRef(object.data(), object.size()));
  if (!code)
    return code.takeError();
  auto runtime = writeRuntime(**folder, "runtime.o", attn_shared_object_runtime,
                              attn_shared_object_runtime_size);
  if (!runtime)
    return runtime.takeError();
  auto gpu = writeRuntime(**folder, "gpu.o", attn_gpu_launch_runtime,
                          attn_gpu_launch_runtime_size);
  if (!gpu)
    return gpu.takeError();
  auto scriptFile = (*folder)->write("exports", script);
  if (!scriptFile)
    return scriptFile.takeError();

  auto command = [&](ArrayRef<std::string> libraries) {
    SmallVector<std::string> words = {linker->path, "-shared", "-o",
                                      output,       *code,     *runtime};
    if (launches)
      words.push_back(*gpu);
    StringRef prefix = linker->isDriver ? "-Wl," : "";
    for (StringRef flag : {"--version-script=", "-Bsymbolic",
                           "--no-undefined-version", "--no-as-needed"}) {
      std::string word = (prefix + flag).str();
      if (flag.ends_with("="))
        word += *scriptFile;
      words.push_back(word);
    }
    words.append(libraries.begin(), libraries.end());
    return words;
  };
  std::string said;
  // -fopenmp for a compiler; a bare linker takes what the process has.
  // Functions that launch have no loops on the host, and a machine with a GPU
  // need not have the library.
  bool hasOpenMP = linker->isDriver && !launches;
  SmallVector<std::string> libraries;
  if (linker->isDriver)
    libraries = {"-lm"};
  bool linked = false;
  if (hasOpenMP) {
    linked = runProgram(command({"-fopenmp", "-lm"}), **folder, said);
    hasOpenMP = linked;
  }
  if (!linked)
    linked = runProgram(command(libraries), **folder, said);
  if (!linked)
    return createStringError("'" + linker->path + "' failed:\n" + said);
  if (!hasOpenMP && !launches)
    err << "attn-compile: warning: '" << linker->path
        << "' has no OpenMP runtime: the shared object runs on one thread "
           "unless the program that loads it has one\n";
  auto bytes = (*folder)->read("out.so");
  if (!bytes)
    return createStringError("cannot read what '" + linker->path +
                             "' made: " + toString(bytes.takeError()));
  return bytes;
}
