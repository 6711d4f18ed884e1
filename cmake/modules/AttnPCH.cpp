// Exists so that AttnPCH.h has one target to be compiled in.
