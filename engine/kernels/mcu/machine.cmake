# What every program for a bare Cortex-M shares: flags, the board of a core, and how it is linked.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
add_compile_options(
  "$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>"
  -O2 -g -ffreestanding -ffp-contract=off -fno-strict-aliasing -ffunction-sections -fdata-sections
  -DNDEBUG) # asserts catch our bugs on the host; a device has nowhere to print them

set(TL_MACHINE_m4 mps2-an386)
set(TL_MACHINE_m7 mps2-an500)
set(TL_MACHINE_m55 mps3-an547)
set(TL_MACHINE ${TL_MACHINE_${TL_CORE}})
set(TL_MACHINE_DIR ${CMAKE_CURRENT_LIST_DIR})

# tl_program(NAME SOURCES a.c): NAME.elf for the core's board, nothing linked but ours and the compiler's helpers.
function(tl_program name)
  cmake_parse_arguments(P "" "" "SOURCES" ${ARGN})
  add_executable(${name} ${P_SOURCES})
  target_link_libraries(${name} PRIVATE tl_kernels tl_machine gcc)
  target_link_options(${name} PRIVATE -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings
    -L${TL_MACHINE_DIR} -T ${TL_MACHINE}.ld)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${name}.elf
    LINK_DEPENDS "${TL_MACHINE_DIR}/sections.ld;${TL_MACHINE_DIR}/${TL_MACHINE}.ld")
endfunction()
