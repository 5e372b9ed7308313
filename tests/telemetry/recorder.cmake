# The recorder's tests look into files with HDF5 itself.
pkg_search_module(HDF5 REQUIRED hdf5-serial hdf5)
foreach(name pack recorder recorder_bytes recorder_fail compare)
  set(support)
  if(NOT name STREQUAL "pack")
    set(support recorder_support.c)
  endif()
  tl_add_test(test_${name} SOURCES test_${name}.c ${support} LIBS tl_telemetry tl_twins)
  target_include_directories(test_${name} SYSTEM PRIVATE ${HDF5_INCLUDE_DIRS})
  target_link_libraries(test_${name} PRIVATE ${HDF5_LINK_LIBRARIES} m)
endforeach()
target_link_options(test_recorder_bytes PRIVATE
  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc) # it counts our allocations
add_executable(bench_pack bench_pack.c) # not a test: run it by hand
target_link_libraries(bench_pack PRIVATE tl_telemetry tl_flags)
add_executable(bench_recorder bench_recorder.c recorder_support.c)
target_include_directories(bench_recorder SYSTEM PRIVATE ${HDF5_INCLUDE_DIRS} ${CMOCKA_INCLUDE_DIRS})
target_include_directories(bench_recorder PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(bench_recorder PRIVATE tl_telemetry tl_twins tl_flags ${HDF5_LINK_LIBRARIES} ${CMOCKA_LIBRARIES} m)

# A stranger's view: h5py reads a run, and the examples in docs/file-format.md work. Skips without h5py.
add_executable(write_run write_run.c recorder_support.c)
target_include_directories(write_run SYSTEM PRIVATE ${HDF5_INCLUDE_DIRS} ${CMOCKA_INCLUDE_DIRS})
target_include_directories(write_run PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(write_run PRIVATE tl_telemetry tl_twins tl_flags ${HDF5_LINK_LIBRARIES} ${CMOCKA_LIBRARIES} m)
find_program(TL_PYTHON NAMES python3)
if(TL_PYTHON)
  add_test(NAME read_with_h5py COMMAND ${TL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/read_with_h5py.py
    $<TARGET_FILE:write_run> ${PROJECT_SOURCE_DIR}/docs/file-format.md)
  set_tests_properties(read_with_h5py PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
else()
  message(STATUS "python3 is missing: reading a run with h5py is not tested")
endif()
