//===- AbiHelpers.cpp - Code that every object has ------------------------===//
//
// Part of attn-mlir.
//
// The functions of an object that do not depend on what it computes, written
// in MLIR.
//
//===----------------------------------------------------------------------===//

#include "AbiHelpers.h"

#include "attn/Runtime/Abi.h"
#include "attn/Runtime/Comm.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::attn;

LLVM::LLVMStructType attn::getAbiTensorType(MLIRContext *context) {
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
  Type dims = LLVM::LLVMArrayType::get(i64, ATTN_MAX_RANK);
  return LLVM::LLVMStructType::getLiteral(context, {ptr, i32, i32, dims, dims});
}

LLVM::LLVMStructType attn::getAbiExecType(MLIRContext *context) {
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32);
  return LLVM::LLVMStructType::getLiteral(context, {ptr, ptr, i32, ptr});
}

/// The tensor check reads the sizes only when there are as many as expected,
/// and takes nothing amiss about the strides or the data of an empty tensor.
static constexpr StringLiteral kHelpers = R"mlir(
!tensor = !llvm.struct<(ptr, i32, i32, array<8 x i64>, array<8 x i64>)>
!exec = !llvm.struct<(ptr, ptr, i32, ptr)>
!comm = !llvm.struct<(i32, i32, ptr, i32, i32, ptr)>

llvm.func internal @attn_abi_check_tensor(%tensor: !llvm.ptr, %dtype: i32,
    %rank: i32, %sizes: !llvm.ptr, %bytes: i64, %alignment: i64,
    %read: i1, %written: i1) -> i32 {
  %false = llvm.mlir.constant(false) : i1
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %mask = llvm.sub %alignment, %one : i64
  %ok = llvm.mlir.constant(0 : i32) : i32
  %null_data = llvm.mlir.constant(1 : i32) : i32
  %wrong_dtype = llvm.mlir.constant(2 : i32) : i32
  %wrong_rank = llvm.mlir.constant(3 : i32) : i32
  %wrong_size = llvm.mlir.constant(4 : i32) : i32
  %wrong_stride = llvm.mlir.constant(5 : i32) : i32
  %misaligned = llvm.mlir.constant(6 : i32) : i32
  %dtype_at = llvm.getelementptr %tensor[0, 1] : (!llvm.ptr) -> !llvm.ptr, !tensor
  %found_dtype = llvm.load %dtype_at : !llvm.ptr -> i32
  %other_dtype = llvm.icmp "ne" %found_dtype, %dtype : i32
  llvm.cond_br %other_dtype, ^fault(%wrong_dtype : i32), ^ranks
^ranks:
  %rank_at = llvm.getelementptr %tensor[0, 2] : (!llvm.ptr) -> !llvm.ptr, !tensor
  %found_rank = llvm.load %rank_at : !llvm.ptr -> i32
  %other_rank = llvm.icmp "ne" %found_rank, %rank : i32
  %n = llvm.sext %rank : i32 to i64
  %last = llvm.sub %n, %one : i64
  llvm.cond_br %other_rank, ^fault(%wrong_rank : i32),
                            ^sizes(%zero, %false : i64, i1)
^sizes(%i: i64, %empty: i1):
  %more = llvm.icmp "slt" %i, %n : i64
  llvm.cond_br %more, ^size, ^after_sizes
^size:
  %size_at = llvm.getelementptr %tensor[0, 3, %i] : (!llvm.ptr, i64) -> !llvm.ptr, !tensor
  %size = llvm.load %size_at : !llvm.ptr -> i64
  %expected_at = llvm.getelementptr %sizes[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %expected = llvm.load %expected_at : !llvm.ptr -> i64
  %negative = llvm.icmp "slt" %size, %zero : i64
  %fixed = llvm.icmp "sge" %expected, %zero : i64
  %differs = llvm.icmp "ne" %size, %expected : i64
  %other_size = llvm.and %fixed, %differs : i1
  %bad_size = llvm.or %negative, %other_size : i1
  %is_zero = llvm.icmp "eq" %size, %zero : i64
  %empty_now = llvm.or %empty, %is_zero : i1
  %next = llvm.add %i, %one : i64
  llvm.cond_br %bad_size, ^fault(%wrong_size : i32),
                          ^sizes(%next, %empty_now : i64, i1)
^after_sizes:
  llvm.cond_br %empty, ^fault(%ok : i32), ^strides(%zero : i64)
^strides(%j: i64):
  %more_strides = llvm.icmp "slt" %j, %n : i64
  llvm.cond_br %more_strides, ^stride, ^data
^stride:
  %length_at = llvm.getelementptr %tensor[0, 3, %j] : (!llvm.ptr, i64) -> !llvm.ptr, !tensor
  %length = llvm.load %length_at : !llvm.ptr -> i64
  %stride_at = llvm.getelementptr %tensor[0, 4, %j] : (!llvm.ptr, i64) -> !llvm.ptr, !tensor
  %stride = llvm.load %stride_at : !llvm.ptr -> i64
  %counts = llvm.icmp "sgt" %length, %one : i64
  %is_last = llvm.icmp "eq" %j, %last : i64
  %not_one = llvm.icmp "ne" %stride, %one : i64
  %bad_last = llvm.and %is_last, %not_one : i1
  %no_stride = llvm.icmp "eq" %stride, %zero : i64
  %overlaps = llvm.and %written, %no_stride : i1
  %bad_any = llvm.or %bad_last, %overlaps : i1
  %bad_stride = llvm.and %counts, %bad_any : i1
  llvm.cond_br %bad_stride, ^fault(%wrong_stride : i32), ^stride_bytes
^stride_bytes:
  %stride_in_bytes = llvm.mul %stride, %bytes : i64
  %stride_rest = llvm.and %stride_in_bytes, %mask : i64
  %stride_is_odd = llvm.icmp "ne" %stride_rest, %zero : i64
  %not_last = llvm.icmp "ne" %j, %last : i64
  %odd_row = llvm.and %stride_is_odd, %not_last : i1
  %bad_row = llvm.and %odd_row, %counts : i1
  %next_stride = llvm.add %j, %one : i64
  llvm.cond_br %bad_row, ^fault(%misaligned : i32),
                         ^strides(%next_stride : i64)
^data:
  llvm.cond_br %read, ^pointer, ^fault(%ok : i32)
^pointer:
  %data = llvm.load %tensor : !llvm.ptr -> !llvm.ptr
  %address = llvm.ptrtoint %data : !llvm.ptr to i64
  %is_null = llvm.icmp "eq" %address, %zero : i64
  llvm.cond_br %is_null, ^fault(%null_data : i32), ^alignment
^alignment:
  %rest = llvm.and %address, %mask : i64
  %aligned = llvm.icmp "eq" %rest, %zero : i64
  llvm.cond_br %aligned, ^fault(%ok : i32), ^fault(%misaligned : i32)
^fault(%fault: i32):
  llvm.return %fault : i32
}

llvm.func internal @attn_abi_parallel_for(%exec: !llvm.ptr, %n: i64,
    %body: !llvm.ptr, %context: !llvm.ptr) {
  %null = llvm.mlir.zero : !llvm.ptr
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %any = llvm.icmp "sgt" %n, %zero : i64
  llvm.cond_br %any, ^some, ^done
^some:
  %no_exec = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %no_exec, ^serial(%zero : i64), ^provider
^provider:
  %provider_at = llvm.getelementptr %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, !exec
  %provider = llvm.load %provider_at : !llvm.ptr -> !llvm.ptr
  %no_provider = llvm.icmp "eq" %provider, %null : !llvm.ptr
  llvm.cond_br %no_provider, ^serial(%zero : i64), ^parallel
^parallel:
  %user = llvm.load %exec : !llvm.ptr -> !llvm.ptr
  llvm.call %provider(%user, %n, %body, %context)
    : !llvm.ptr, (!llvm.ptr, i64, !llvm.ptr, !llvm.ptr) -> ()
  llvm.br ^done
^serial(%i: i64):
  llvm.call %body(%context, %i, %zero)
    : !llvm.ptr, (!llvm.ptr, i64, i64) -> ()
  %next = llvm.add %i, %one : i64
  %more = llvm.icmp "slt" %next, %n : i64
  llvm.cond_br %more, ^serial(%next : i64), ^done
^done:
  llvm.return
}

llvm.func internal @attn_abi_num_threads(%exec: !llvm.ptr) -> i64 {
  %null = llvm.mlir.zero : !llvm.ptr
  %one = llvm.mlir.constant(1 : i64) : i64
  %no_exec = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %no_exec, ^done(%one : i64), ^provider
^provider:
  %provider_at = llvm.getelementptr %exec[0, 1] : (!llvm.ptr) -> !llvm.ptr, !exec
  %provider = llvm.load %provider_at : !llvm.ptr -> !llvm.ptr
  %no_provider = llvm.icmp "eq" %provider, %null : !llvm.ptr
  llvm.cond_br %no_provider, ^done(%one : i64), ^threads
^threads:
  %threads_at = llvm.getelementptr %exec[0, 2] : (!llvm.ptr) -> !llvm.ptr, !exec
  %threads = llvm.load %threads_at : !llvm.ptr -> i32
  %wide = llvm.sext %threads : i32 to i64
  %positive = llvm.icmp "sgt" %wide, %one : i64
  %bound = llvm.select %positive, %wide, %one : i1, i64
  llvm.br ^done(%bound : i64)
^done(%result: i64):
  llvm.return %result : i64
}

llvm.func internal @attn_abi_dist_merge(%status: !llvm.ptr, %comm: !llvm.ptr,
    %o: !llvm.ptr, %lse: !llvm.ptr, %rows: i64, %width: i64, %dtype: i32,
    %algo: i32, %root: i32, %payload: i32) {
  %ok = llvm.mlir.constant(0 : i32) : i32
  %other = llvm.mlir.constant(1 : i32) : i32
  %known = llvm.mlir.constant(1 : i32) : i32
  %before = llvm.load %status : !llvm.ptr -> i32
  %has_failed = llvm.icmp "ne" %before, %ok : i32
  llvm.cond_br %has_failed, ^done, ^version
^version:
  %version = llvm.load %comm : !llvm.ptr -> i32
  %is_known = llvm.icmp "eq" %version, %known : i32
  llvm.cond_br %is_known, ^merge, ^end(%other : i32)
^merge:
  %merge_at = llvm.getelementptr %comm[0, 5] : (!llvm.ptr) -> !llvm.ptr, !comm
  %merge = llvm.load %merge_at : !llvm.ptr -> !llvm.ptr
  %found = llvm.call %merge(%comm, %o, %lse, %rows, %width, %dtype, %algo,
      %root, %payload) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64,
      i32, i32, i32, i32) -> i32
  llvm.br ^end(%found : i32)
^end(%result: i32):
  llvm.store %result, %status : i32, !llvm.ptr
  llvm.br ^done
^done:
  llvm.return
}
)mlir";

static constexpr StringLiteral kLaunchHelper = R"mlir(
llvm.func @attn_gpu_launch(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr,
    !llvm.ptr, i32, !llvm.ptr) -> i32

llvm.func @attn_gpu_encode_tensor_map(!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
llvm.func @attn_gpu_arch(!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32

llvm.func internal @attn_abi_gpu_stream(%exec: !llvm.ptr) -> !llvm.ptr {
  %null = llvm.mlir.zero : !llvm.ptr
  %no_exec = llvm.icmp "eq" %exec, %null : !llvm.ptr
  llvm.cond_br %no_exec, ^none, ^given
^none:
  llvm.return %null : !llvm.ptr
^given:
  %stream_at = llvm.getelementptr %exec[0, 3] : (!llvm.ptr) -> !llvm.ptr,
      !llvm.struct<(ptr, ptr, i32, ptr)>
  %stream = llvm.load %stream_at : !llvm.ptr -> !llvm.ptr
  llvm.return %stream : !llvm.ptr
}

llvm.func internal @attn_abi_gpu_launch(%status: !llvm.ptr, %exec: !llvm.ptr,
    %kernel: !llvm.ptr, %grid: !llvm.ptr, %block: !llvm.ptr, %shared: i64,
    %params: !llvm.ptr, %n: i32, %launched: !llvm.ptr) {
  %ok = llvm.mlir.constant(0 : i32) : i32
  %before = llvm.load %status : !llvm.ptr -> i32
  %has_failed = llvm.icmp "ne" %before, %ok : i32
  llvm.cond_br %has_failed, ^done, ^launch
^launch:
  %stream = llvm.call @attn_abi_gpu_stream(%exec) : (!llvm.ptr) -> !llvm.ptr
  %result = llvm.call @attn_gpu_launch(%kernel, %grid, %block, %shared, %stream,
      %params, %n, %launched) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64,
      !llvm.ptr, !llvm.ptr, i32, !llvm.ptr) -> i32
  llvm.store %result, %status : i32, !llvm.ptr
  llvm.br ^done
^done:
  llvm.return
}

llvm.func internal @attn_abi_gpu_arch(%status: !llvm.ptr, %exec: !llvm.ptr,
    %module: !llvm.ptr) -> i32 {
  %ok = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %arch = llvm.alloca %one x i32 : (i32) -> !llvm.ptr
  llvm.store %ok, %arch : i32, !llvm.ptr
  %before = llvm.load %status : !llvm.ptr -> i32
  %has_failed = llvm.icmp "ne" %before, %ok : i32
  llvm.cond_br %has_failed, ^done, ^ask
^ask:
  %stream = llvm.call @attn_abi_gpu_stream(%exec) : (!llvm.ptr) -> !llvm.ptr
  %result = llvm.call @attn_gpu_arch(%module, %stream, %arch)
      : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
  llvm.store %result, %status : i32, !llvm.ptr
  llvm.br ^done
^done:
  %found = llvm.load %arch : !llvm.ptr -> i32
  llvm.return %found : i32
}

llvm.func internal @attn_abi_gpu_tensor_map(%status: !llvm.ptr,
    %exec: !llvm.ptr, %tensor: !llvm.ptr, %map: !llvm.ptr) {
  %ok = llvm.mlir.constant(0 : i32) : i32
  %before = llvm.load %status : !llvm.ptr -> i32
  %has_failed = llvm.icmp "ne" %before, %ok : i32
  llvm.cond_br %has_failed, ^done, ^encode
^encode:
  %stream = llvm.call @attn_abi_gpu_stream(%exec) : (!llvm.ptr) -> !llvm.ptr
  %result = llvm.call @attn_gpu_encode_tensor_map(%tensor, %stream, %map)
      : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
  llvm.store %result, %status : i32, !llvm.ptr
  llvm.br ^done
^done:
  llvm.return
}
)mlir";

// What the helper above knows of Comm.h.
static_assert(ATTN_COMM_VERSION == 1 && offsetof(attn_comm, version) == 0 &&
              offsetof(attn_comm, struct_bytes) == 4 &&
              offsetof(attn_comm, ctx) == 8 &&
              offsetof(attn_comm, rank) == 16 &&
              offsetof(attn_comm, size) == 20 &&
              offsetof(attn_comm, merge) == 24);

/// Text of each status, by its number.
static constexpr StringLiteral kStatusTexts[] = {
    "ok",
    "wrong number of arguments or results",
    "a pointer is NULL",
    "a tensor has another element type",
    "a tensor has another rank",
    "the sizes do not agree",
    "a tensor has strides that are not supported",
    "a pointer is not aligned",
    "the workspace is too small",
    "a length, position or page number is out of range",
    "a cache is full",
    "a run-time check of the module failed",
    "the device is missing or failed",
    "communication failed"};
static_assert(std::size(kStatusTexts) == ATTN_ERROR_COMM + 1);

/// `attn_abi_version` and `attn_status_string` of every object are the same;
/// the linker keeps one.
static std::string describeStatuses() {
  std::string texts, body, numbers, blocks;
  for (auto [number, text] : llvm::enumerate(kStatusTexts)) {
    std::string n = std::to_string(number);
    texts += "llvm.mlir.global internal constant @attn_abi_status_" + n +
             "(\"" + text.str() + "\\00\") {addr_space = 0 : i32}\n";
    numbers += "    " + n + ": ^status" + n + ",\n";
    blocks += "^status" + n + ":\n  %text" + n +
              " = llvm.mlir.addressof @attn_abi_status_" + n +
              " : !llvm.ptr\n  llvm.return %text" + n + " : !llvm.ptr\n";
  }
  numbers.resize(numbers.size() - 2);
  return texts +
         "llvm.mlir.global internal constant @attn_abi_status_unknown("
         "\"not a status\\00\") {addr_space = 0 : i32}\n"
         "llvm.func weak_odr @attn_status_string(%status: i32) -> !llvm.ptr {\n"
         "  llvm.switch %status : i32, ^unknown [\n" +
         numbers + "\n  ]\n" + blocks +
         "^unknown:\n"
         "  %text = llvm.mlir.addressof @attn_abi_status_unknown : !llvm.ptr\n"
         "  llvm.return %text : !llvm.ptr\n}\n"
         "llvm.func weak_odr @attn_abi_version() -> i32 {\n"
         "  %version = llvm.mlir.constant(" +
         std::to_string(ATTN_ABI_VERSION) +
         " : i32) : i32\n  llvm.return %version : i32\n}\n";
}

LogicalResult attn::insertAbiHelpers(ModuleOp module, bool launches) {
  OwningOpRef<ModuleOp> helpers = parseSourceString<ModuleOp>(
      kHelpers.str() + (launches ? kLaunchHelper.str() : "") +
          describeStatuses(),
      module.getContext());
  if (!helpers)
    return failure();
  for (Operation &op : llvm::make_early_inc_range(*helpers->getBody())) {
    StringRef name = cast<SymbolOpInterface>(op).getName();
    if (Operation *taken = SymbolTable::lookupSymbolIn(module, name))
      return taken->emitOpError("has a name that is kept for the functions of "
                                "every object");
    op.moveBefore(module.getBody(), module.getBody()->end());
  }
  return success();
}
