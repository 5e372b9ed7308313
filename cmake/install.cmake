# cmake --install: the program, the library, its headers, and what lets others find them.
if(NOT TARGET twinloop)
  return()
endif()
include(CMakePackageConfigHelpers)
set(TL_INCLUDE ${CMAKE_INSTALL_INCLUDEDIR}/twinloop)

install(TARGETS twinloop RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}) # not exported: the library has its name there
install(TARGETS libtwinloop EXPORT twinloop_targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/twinloop/twinloop.h DESTINATION ${TL_INCLUDE})
# The headers that twinloop.h includes, and the tables that these include. No HDF5, no Lua.
set(TL_PUBLIC_HEADERS
  base/arena.h base/codes.def base/cpu.h base/dmath.h base/error.h base/hash.h base/rng.h base/text.h base/units.h
  edge/energy/board.h edge/energy/coulomb.h edge/personality.h
  fidelity/border/border.h fidelity/border/watch.h fidelity/calibrate/calibrate.h fidelity/metric/parameters.def
  fidelity/metrics.def fidelity/metrics.h fidelity/overall/overall.h fidelity/overall/tube.h fidelity/pair.h fidelity/score.h
  kernels/batch.h kernels/features/frontend.h kernels/fixed_point.h kernels/model.h kernels/path.h kernels/status.h kernels/survey.h
  judge/judge.h judge/quantities.def judge/threshold.h
  report/report.h
  script/fit/fit.h script/map.h script/message.h script/scenario.h
  sim/loop.h sim/twin.h sim/world.h
  state/column.h
  telemetry/compare.h telemetry/export.h telemetry/import.h telemetry/recorder.h telemetry/recording.h telemetry/schema.h
  telemetry/timeparse.h)
foreach(header ${TL_PUBLIC_HEADERS})
  get_filename_component(room ${header} DIRECTORY)
  install(FILES engine/${header} DESTINATION ${TL_INCLUDE}/${room})
endforeach()
install(FILES twins/registry.h DESTINATION ${TL_INCLUDE}/twins)

foreach(folder scripts scenarios assets schemas)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder})
    install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/twinloop)
  endif()
endforeach()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}) # README links to docs/
if(NOT CMAKE_CROSSCOMPILING)
  set(pages ${PROJECT_BINARY_DIR}/share)
  install(FILES ${pages}/twinloop.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${pages}/twinloop.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME twinloop)
  install(FILES ${pages}/_twinloop DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${pages}/twinloop.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# find_package(twinloop) and pkg-config twinloop
set(TL_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/twinloop)
install(EXPORT twinloop_targets NAMESPACE twinloop:: FILE twinloop-targets.cmake DESTINATION ${TL_PACKAGE})
configure_package_config_file(cmake/twinloop-config.cmake.in ${PROJECT_BINARY_DIR}/twinloop-config.cmake
  INSTALL_DESTINATION ${TL_PACKAGE})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/twinloop-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/twinloop-config.cmake ${PROJECT_BINARY_DIR}/twinloop-config-version.cmake
  DESTINATION ${TL_PACKAGE})
configure_file(cmake/twinloop.pc.in ${PROJECT_BINARY_DIR}/twinloop.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/twinloop.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
