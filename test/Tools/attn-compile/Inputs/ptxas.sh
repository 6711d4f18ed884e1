#!/bin/sh
# Stands in for ptxas: warns of each kernel, says what it takes, and writes bytes
# that begin as machine code does. With FAKE_PTXAS=fail it does not.
while [ $# -gt 0 ]; do
  case $1 in
  -o) out=$2; shift ;;
  -arch=*) arch=${1#-arch=} ;;
  *.ptx) in=$1 ;;
  esac
  shift
done
if [ "$FAKE_PTXAS" = fail ]; then
  echo "ptxas $in, line 7; error   : Unknown symbol 'x'" >&2
  exit 255
fi
for kernel in $(sed -n 's/.*\.entry \([A-Za-z0-9_]*\).*/\1/p' "$in"); do
  echo "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to insufficient register resources for the wgmma pipeline in the function '$kernel'"
  echo "ptxas warning : Value of threads per SM for entry $kernel is out of range. .minnctapersm will be ignored"
  echo "ptxas info    : Compiling entry function '$kernel' for '$arch'"
  echo "ptxas info    : Function properties for $kernel"
  echo "    16 bytes stack frame, 24 bytes spill stores, 32 bytes spill loads"
  echo "ptxas info    : Used 168 registers, used 2 barriers, 48 bytes smem"
done >&2
printf '\177ELF' > "$out"
