# Flags sit on targets: a user's CMAKE_BUILD_TYPE and CMAKE_C_FLAGS may change speed, never bits.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP COMPONENTS C)

add_library(tl_flags INTERFACE)
target_compile_options(tl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-unknown-pragmas
  -ffp-contract=off      # no fused multiply-add: the same bits with and without FMA
  -fno-math-errno -fno-trapping-math # lets sqrt and selects vectorise; changes no value
  -fno-strict-aliasing -fvisibility=hidden
  -fno-semantic-interposition) # inside libtwinloop our own functions are the only ones: they may be inlined
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(tl_flags INTERFACE -O3 -UNDEBUG) # asserts stay on
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  # these two guess from what the optimiser did: without it, or with a sanitizer, they guess wrong
  target_compile_options(tl_flags INTERFACE -Wno-maybe-uninitialized -Wno-format-truncation)
endif()
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  target_compile_options(tl_flags INTERFACE -Wno-pass-failed) # a hint to unroll that clang does not take
endif()
if(TL_SANITIZE)
  target_compile_options(tl_flags INTERFACE -fsanitize=${TL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tl_flags INTERFACE -fsanitize=${TL_SANITIZE})
endif()
if(TL_COVERAGE)
  target_compile_options(tl_flags INTERFACE --coverage -fprofile-update=atomic) # threads count too: plain counters lose
  target_link_options(tl_flags INTERFACE --coverage)
endif()
target_compile_definitions(tl_flags INTERFACE _GNU_SOURCE)

# tl_room(NAME SOURCES a.c b.c DEPENDS tl_base ... PRIVATE libs...): one static library a room.
# It names what it stands on; nothing below names it back.
function(tl_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;PRIVATE;INCLUDE" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_include_directories(${name} SYSTEM PRIVATE ${ROOM_INCLUDE})
  target_link_libraries(${name} PUBLIC ${ROOM_DEPENDS} PRIVATE $<BUILD_INTERFACE:tl_flags> ${ROOM_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY TL_ROOMS ${name})
endfunction()

# tl_add_test(NAME SOURCES x.c LIBS tl_base): a cmocka program that ctest runs; its label is the room, `ctest -L '^sim$'`.
pkg_check_modules(CMOCKA cmocka)
get_filename_component(_tl_shared "${PROJECT_SOURCE_DIR}/../shared" REALPATH)
if(NOT EXISTS ${_tl_shared}/design.md)
  set(_tl_shared "")
endif()
function(tl_add_test name)
  cmake_parse_arguments(T "" "" "SOURCES;LIBS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/engine)
  target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIRS})
  target_compile_definitions(${name} PRIVATE
    TL_SHARED_DIR="${_tl_shared}" TL_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TL_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${T_LIBS} tl_flags ${CMOCKA_LIBRARIES})
  add_test(NAME ${name} COMMAND ${name} ${T_ARGS} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS ${room})
endfunction()
