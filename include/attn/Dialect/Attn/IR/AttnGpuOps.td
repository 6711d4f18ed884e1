//===- AttnGpuOps.td - Ops around kernels for GPUs ---------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the host asks before it launches kernels. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNGPUOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNGPUOPS_TD

def Attn_RunsOnOp : Attn_Op<"runs_on", [Pure]> {
  let summary = "Whether kernels run as they were compiled for one GPU";
  let description = [{
    **Meaning** A module for several GPUs, its `attn.targets`, holds code of its
    kernels for each. True where the device that this function launches kernels
    on runs the code that was made for `arch`; so it is for one of the targets at
    most.

    **Edges** Without a device false; the launch that follows says so.

    **Errors** When launches are lowered: `arch` is none that is known.

    **Example**
    ```mlir
    func.func @choose() -> i1 {
      %0 = attn.runs_on "sm_90a"
      return %0 : i1
    }
    ```
  }];
  let arguments = (ins StrAttr:$arch);
  let results = (outs I1:$result);
  let assemblyFormat = "$arch attr-dict";
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNGPUOPS_TD
