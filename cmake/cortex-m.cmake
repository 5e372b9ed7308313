# Cross compiling for a bare Cortex-M: cmake -S engine/kernels/mcu --toolchain cmake/cortex-m.cmake -DTL_CORE=m4|m7|m55
# GCC's bare-metal Arm compiler and the headers of a C library for it; nothing of that library is linked.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TL_CORE)

set(TL_CORE m4 CACHE STRING "m4, m7 or m55")
if(TL_CORE STREQUAL "m4")
  set(_core "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
elseif(TL_CORE STREQUAL "m7")
  set(_core "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard")
elseif(TL_CORE STREQUAL "m55")
  set(_core "-mcpu=cortex-m55 -mfloat-abi=hard")
else()
  message(FATAL_ERROR "TL_CORE is m4, m7 or m55, not '${TL_CORE}'")
endif()
set(CMAKE_C_FLAGS_INIT "-mthumb ${_core}")
