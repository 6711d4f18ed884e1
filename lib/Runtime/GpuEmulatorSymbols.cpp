//===- lib/Runtime/GpuEmulatorSymbols.cpp - Names of the emulator ---------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/GpuEmulator.h"

#define SYMBOL(NAME) {#NAME, reinterpret_cast<void *>(&NAME)}

extern "C" const attn_emulator_symbol *attn_emulator_symbols(void) {
  static const attn_emulator_symbol symbols[] = {
      SYMBOL(attn_emulate_launch),
      SYMBOL(attn_emulator_enter),
      SYMBOL(attn_emulator_current),
      SYMBOL(attn_emulator_bad_access),
      SYMBOL(attn_emulator_trap),
      SYMBOL(attn_emulator_register),
      SYMBOL(attn_emulator_clock),
      SYMBOL(attn_emulator_math),
      SYMBOL(attn_emulator_poll),
      SYMBOL(attn_emulator_barrier),
      SYMBOL(attn_emulator_barrier_arrive),
      SYMBOL(attn_emulator_warp_sync),
      SYMBOL(attn_emulator_shuffle),
      SYMBOL(attn_emulator_vote),
      SYMBOL(attn_emulator_match),
      SYMBOL(attn_emulator_redux),
      SYMBOL(attn_emulator_elect),
      SYMBOL(attn_emulator_ldmatrix),
      SYMBOL(attn_emulator_stmatrix),
      SYMBOL(attn_emulator_mma),
      SYMBOL(attn_emulator_convert),
      SYMBOL(attn_emulator_cp_async),
      SYMBOL(attn_emulator_cp_async_commit),
      SYMBOL(attn_emulator_cp_async_wait),
      SYMBOL(attn_emulator_mbarrier_init),
      SYMBOL(attn_emulator_mbarrier_inval),
      SYMBOL(attn_emulator_mbarrier_arrive),
      SYMBOL(attn_emulator_mbarrier_expect),
      SYMBOL(attn_emulator_mbarrier_test),
      SYMBOL(attn_emulator_cp_async_mbarrier_arrive),
      SYMBOL(attn_emulator_bulk_load),
      SYMBOL(attn_emulator_bulk_store),
      SYMBOL(attn_emulator_bulk_commit),
      SYMBOL(attn_emulator_bulk_wait),
      SYMBOL(attn_emulator_encode_tensor_map),
      SYMBOL(attn_emulator_tensor_load),
      SYMBOL(attn_emulator_tensor_store),
      SYMBOL(attn_emulator_shared_store),
      SYMBOL(attn_emulator_shared_store_matrix),
      SYMBOL(attn_emulator_fence_async),
      SYMBOL(attn_emulator_set_registers),
      SYMBOL(attn_emulator_wgmma),
      SYMBOL(attn_emulator_wgmma_commit),
      SYMBOL(attn_emulator_wgmma_wait),
      {nullptr, nullptr}};
  return symbols;
}
