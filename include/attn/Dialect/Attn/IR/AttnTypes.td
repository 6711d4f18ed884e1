//===- AttnTypes.td - Types of the attn dialect ------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The communicator that distributed ops take.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNTYPES_TD
#define ATTN_DIALECT_ATTN_IR_ATTNTYPES_TD

include "attn/Dialect/Attn/IR/AttnDialect.td"

class Attn_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Attn_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Attn_CommType : Attn_Type<"Comm", "comm"> {
  let summary = "communicator";
  let description = [{
    A group of ranks that compute together. A value of this type comes from
    outside, as an argument (of `attn.grid_comm`, `attn-bind-grid` makes one); in
    C it is an `attn_comm *` (`attn/Runtime/Comm.h`), over MPI or for a single
    rank. How many ranks there are, and which one this is, is known at run time
    only.

    ```mlir
    func.func private @decode(%comm: !attn.comm)
    ```
  }];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNTYPES_TD
