-- arrows.lua: includes go one way. Usage: lua5.4 tests/arrows.lua SOURCE_ROOT
-- The table is that of the architecture (docs/architecture.md): room -> rooms it may include.
local arrows = {
  base = {},
  kernels = {},
  exec = { "base" },
  state = { "base" },
  edge = { "base", "state", "kernels" },
  sim = { "base", "exec", "state", "edge", "kernels" },
  twins = { "base", "state", "sim" },
  telemetry = { "base", "state", "sim" },
  judge = { "base", "state", "sim" },
  fidelity = { "base", "exec", "state", "sim", "telemetry" },
  lifecycle = { "base", "state", "sim" },
  outcome = { "base", "state", "sim" },
  study = { "base", "exec", "state", "sim", "telemetry", "judge" },
  report = { "base", "telemetry", "judge", "fidelity", "study", "lifecycle", "outcome" },
  bridge = { "base", "sim", "lifecycle" },
}
arrows.script = {}
for room in pairs(arrows) do
  if room ~= "script" and room ~= "bridge" and room ~= "twins" then
    table.insert(arrows.script, room)
  end
end

local allowed = {}
for room, targets in pairs(arrows) do
  allowed[room] = { [room] = true }
  for _, target in ipairs(targets) do allowed[room][target] = true end
end

-- The room that a file belongs to; nil for tools, tests and the rest, which may include every room.
local function room_of(path)
  if path:match("/test_[^/]*%.c$") then return nil end -- a twin's test stands in its folder
  return path:match("^engine/([^/]+)/") or (path:match("^twins/") and "twins") or nil
end

-- Sentences about includes of `path` that go against the arrows or name no room.
local function violations(path, text)
  local found = {}
  local room = room_of(path)
  if not room then return found end
  local number = 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local target = line:match('^%s*#%s*include%s*"([^"]+)"')
    if target and not target:match("^twinloop/") then
      local target_room = target:match("^([^/]+)/")
      if not target_room then
        found[#found + 1] = ('%s:%d: "%s" has no room: write "%s/%s"'):format(path, number, target, room, target)
      elseif not allowed[room] then
        found[#found + 1] = ("%s: room %s is not in tests/arrows.lua"):format(path, room)
      elseif not allowed[room][target_room] then
        found[#found + 1] = ('%s:%d: %s must not include "%s"'):format(path, number, room, target)
      end
    end
  end
  return found
end

-- The check proves on planted lines that it can fail, and that it lets good ones pass.
local planted = {
  { "engine/base/x.c", '#include "sim/world.h"', 1 },
  { "engine/kernels/x.c", '#include "base/error.h"', 1 },
  { "engine/telemetry/x.c", '#  include "report/html.h"', 1 },
  { "engine/sim/x.c", '#include "twin.h"', 1 },
  { "twins/pump/pump.c", '#include "telemetry/recorder.h"', 1 },
  { "engine/cellar/x.c", '#include "base/error.h"', 1 },
  { "engine/sim/x.c", '#include "sim/world.h"\n#include "base/error.h"\n#include <stdio.h>', 0 },
  { "twins/pump/pump.c", '#include "twins/pump/columns.def"', 0 },
  { "tools/twinloop/main.c", '#include "report/html.h"', 0 },
}
for _, case in ipairs(planted) do
  assert(#violations(case[1], case[2]) == case[3], "arrows.lua does not judge " .. case[1] .. ": " .. case[2])
end

local root = assert(arg[1], "usage: lua5.4 tests/arrows.lua SOURCE_ROOT")
local list = assert(io.popen(("cd '%s' && (git ls-files 2>/dev/null | grep . || find . -type f | sed 's,^[.]/,,')"):format(root)))
local file_count, bad_count = 0, 0
for path in list:lines() do
  if path:match("%.[chd]e?f?$") and room_of(path) then
    local file = io.open(root .. "/" .. path)
    if file then -- listed but removed in the work tree: nothing to judge
      file_count = file_count + 1
      for _, sentence in ipairs(violations(path, file:read("a"))) do
        io.stderr:write(sentence, "\n")
        bad_count = bad_count + 1
      end
      file:close()
    end
  end
end
list:close()
assert(file_count > 0, "no source found under " .. root)
print(("arrows: %d files, %d violations; of planted ones, %d cases passed"):format(file_count, bad_count, #planted))
os.exit(bad_count == 0 and 0 or 1)
