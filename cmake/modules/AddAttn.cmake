# How attn-mlir's own libraries and tools are built. One place decides warnings,
# assertions, sanitizers and how MLIR is linked (always through libMLIR.so:
# archives and the shared library in one process register everything twice).

include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(LLVM_RUNTIME_OUTPUT_INTDIR "${CMAKE_BINARY_DIR}/bin")
set(LLVM_LIBRARY_OUTPUT_INTDIR "${CMAKE_BINARY_DIR}/lib")
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Flags every target of ours shares. Upstream headers are SYSTEM: their
# warnings are not ours to mend.
add_library(AttnMLIROptions INTERFACE)
target_include_directories(AttnMLIROptions INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include")
target_include_directories(AttnMLIROptions SYSTEM INTERFACE
  ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_options(AttnMLIROptions INTERFACE
  -Wall -Wextra -Wno-unused-parameter
  $<$<BOOL:${ATTN_ENABLE_WERROR}>:-Werror>)
if(ATTN_ENABLE_ASSERTIONS)
  target_compile_options(AttnMLIROptions INTERFACE -UNDEBUG)
endif()
if(ATTN_SANITIZE)
  list(JOIN ATTN_SANITIZE "," ATTN_SANITIZE_LIST)
  # vptr needs RTTI, which LLVM is built without.
  target_compile_options(AttnMLIROptions INTERFACE
    -fsanitize=${ATTN_SANITIZE_LIST} -fno-sanitize=vptr -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined)
  target_link_options(AttnMLIROptions INTERFACE -fsanitize=${ATTN_SANITIZE_LIST})
endif()

# The precompiled headers, shared by every library that uses MLIR: all of them
# are compiled with the same flags.
add_library(AttnMLIRPCH OBJECT "${CMAKE_CURRENT_LIST_DIR}/AttnPCH.cpp")
target_compile_options(AttnMLIRPCH PRIVATE -fno-rtti -fno-exceptions)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Lets ccache reuse objects built against the precompiled header.
  target_compile_options(AttnMLIROptions INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
target_link_libraries(AttnMLIRPCH PRIVATE AttnMLIROptions)
target_precompile_headers(AttnMLIRPCH PRIVATE "${CMAKE_CURRENT_LIST_DIR}/AttnPCH.h")

# add_attn_library(NAME src... DEPENDS <generated> LINK_LIBS <ours> MLIR_LIBS <theirs>)
# A static library of ours; MLIR_LIBS resolve to libMLIR.so.
function(add_attn_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC AttnMLIROptions ${ARG_LINK_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(ARG_MLIR_LIBS)
    # LLVM is built without RTTI and exceptions; what links it must agree.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti -fno-exceptions>)
    target_link_libraries(${name} PUBLIC MLIR LLVM)
    target_precompile_headers(${name} REUSE_FROM AttnMLIRPCH)
  endif()
endfunction()

# add_attn_tool(NAME src... LINK_LIBS <ours>)
function(add_attn_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -fno-rtti -fno-exceptions)
  target_link_libraries(${name} PRIVATE AttnMLIROptions ${ARG_LINK_LIBS} MLIR LLVM)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# attn_embed_file(OUTVAR NAME input)
# Sets OUTVAR to a source that defines the bytes `NAME` and `NAME_size`.
function(attn_embed_file outvar name input)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  set(script "${PROJECT_SOURCE_DIR}/cmake/modules/EmbedFile.cmake")
  add_custom_command(OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DNAME=${name} -P "${script}"
    DEPENDS ${input} "${script}" VERBATIM)
  set(${outvar} "${output}" PARENT_SCOPE)
endfunction()
