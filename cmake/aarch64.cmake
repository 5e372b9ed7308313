# Toolchain: 64-bit ARM with Debian's cross compiler, a private sysroot, and qemu to run what was built.
#   cmake -S . -B DIR -G Ninja --toolchain cmake/aarch64.cmake
# Why a sysroot: arm64 packages installed beside the host's would remove some of those. `.ci/aarch64` fills it.
# TL_AARCH64_SYSROOT, as a variable or in the environment, names another one.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

if(NOT TL_AARCH64_SYSROOT)
  if(DEFINED ENV{TL_AARCH64_SYSROOT})
    set(TL_AARCH64_SYSROOT $ENV{TL_AARCH64_SYSROOT})
  else()
    set(TL_AARCH64_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/aarch64/sysroot)
  endif()
endif()
get_filename_component(CMAKE_SYSROOT ${TL_AARCH64_SYSROOT} REALPATH)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TL_AARCH64_SYSROOT)

# Libraries and headers only from the sysroot, programs (Lua, Python) only from the host.
set(CMAKE_FIND_ROOT_PATH ${CMAKE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

# ctest runs every test program through this.
find_program(TL_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(TL_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${TL_QEMU} -L ${CMAKE_SYSROOT})
endif()
