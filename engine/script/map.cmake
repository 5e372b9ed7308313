# Import maps alone, for the CLI's `import` without the whole script room.
tl_room(tl_map
  SOURCES map.c
  DEPENDS tl_base tl_telemetry
  INCLUDE ${LUA_INCLUDE_DIRS}
  PRIVATE ${LUA_LIBRARIES})
