-- readme.lua: the table of columns in a twin's README is that of its columns.def. Usage: lua5.4 readme.lua SOURCE_ROOT
-- Every twin folder is judged, so a new twin cannot forget its README.
local roles = { TL_STATE = "state", TL_INPUT = "input", TL_OUTPUT = "output", TL_PARAM = "parameter" }

-- Rows of columns.def in order: name, role, unit, default; and by name. A row that a macro writes once for several
-- parts of one kind (q##j##_rad: a joint's) has the number's place marked as # (q#_rad), here as in the README.
local function columns_of(text)
  local rows = {}
  text = text:gsub("##%a##", "#")
  for name, role, unit, initial in text:gmatch('\n *COL%(([%w_#]+),%s*(TL_%u+),%s*TL_F64,%s*"([^"]*)",%s*([%w.+-]+),') do
    rows[#rows + 1] = { name = name, role = roles[role], unit = unit, initial = tonumber(initial) }
  end
  return rows
end

-- Rows of the first table of a README whose head is `column | role | unit | default | meaning`.
local function table_of(text)
  local rows, inside = {}, false
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do cells[#cells + 1] = cell end
    if cells[1] == "column" and cells[4] == "default" then
      inside = true
    elseif inside and #cells == 0 then
      break
    elseif inside and not cells[1]:match("^%-+$") then
      rows[#rows + 1] = { name = cells[1], role = cells[2], unit = cells[3], initial = tonumber(cells[4]), meaning = cells[5] }
    end
  end
  return rows
end

local function differences(def, readme)
  local found = {}
  for i = 1, math.max(#def, #readme) do
    local a, b = def[i], readme[i]
    if not a then found[#found + 1] = "the README's column " .. b.name .. " is not in columns.def"
    elseif not b then found[#found + 1] = "column " .. a.name .. " is missing in the README"
    else
      for _, key in ipairs { "name", "role", "unit", "initial" } do
        if a[key] ~= b[key] then
          found[#found + 1] = ("%s: %s is %s in columns.def and %s in the README"):format(a.name, key, a[key], b[key])
        end
      end
      if b.meaning == "" then found[#found + 1] = a.name .. ": no meaning in the README" end
    end
  end
  return found
end

-- The check proves on planted texts that it can fail.
local planted_def = '\nCOL(x_K, TL_STATE, TL_F64, "K", 3.0, 0, 9, 0.0, "a")\nCOL(k, TL_PARAM, TL_F64, "W/K", 1e3, 0, 9, 0.0, "b")\n'
local head = "| column | role | unit | default | meaning |\n|---|---|---|---|---|\n"
for text, count in pairs {
  [head .. "| x_K | state | K | 3 | a |\n| k | parameter | W/K | 1000 | b |\n"] = 0,
  [head .. "| x_K | state | degC | 3 | a |\n| k | parameter | W/K | 1000 | b |\n"] = 1,
  [head .. "| x_K | input | K | 3 | a |\n| k | parameter | W/K | 1001 | b |\n"] = 2,
  [head .. "| x_K | state | K | 3 | a |\n"] = 1,
  ["no table"] = 2,
} do
  local found = differences(columns_of(planted_def), table_of(text))
  assert(#found == count, "readme.lua does not judge its planted case: " .. text)
end
local planted_macro = '\n#define PART(j) \\\n  COL(x##j##_K, TL_STATE, TL_F64, "K", 3.0, 0, 9, 0.0, "a")\nPART(1)\n'
assert(#differences(columns_of(planted_macro), table_of(head .. "| x#_K | state | K | 3 | a |\n")) == 0)
assert(#differences(columns_of(planted_macro), table_of(head .. "| x1_K | state | K | 3 | a |\n")) == 1)

local function read(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local root = assert(arg[1], "usage: lua5.4 readme.lua SOURCE_ROOT")
local twin_count, column_count, bad_count = 0, 0, 0
local list = assert(io.popen(("ls -d '%s'/twins/*/"):format(root)))
for folder in list:lines() do
  local def, readme = read(folder .. "columns.def"), read(folder .. "README.md")
  local found = {}
  if not def then found[1] = "no columns.def"
  elseif not readme then found[1] = "no README.md"
  else
    local rows = columns_of("\n" .. def)
    if #rows ~= select(2, ("\n" .. def):gsub("\n *COL%(", "")) then found[1] = "a row of columns.def has another form" end
    for _, sentence in ipairs(differences(rows, table_of(readme))) do found[#found + 1] = sentence end
    twin_count, column_count = twin_count + 1, column_count + #rows
  end
  for _, sentence in ipairs(found) do
    io.stderr:write(folder, ": ", sentence, "\n")
    bad_count = bad_count + 1
  end
end
list:close()
assert(twin_count > 0, "no twin found under " .. root)
print(("readme: %d twins, %d columns, %d differences"):format(twin_count, column_count, bad_count))
os.exit(bad_count == 0 and 0 or 1)
