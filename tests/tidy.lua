-- tidy.lua: the tree's rules as a test. Usage: lua5.4 tests/tidy.lua SOURCE_ROOT
-- Every rule proves on a planted case that it can fail before it judges the tree.
local LINES_MAX, SOURCES_MAX = 600, 16

-- Comments and text of C, blanked but for line ends, so that rules see code only.
local function code_only(text)
  local out, i, n = {}, 1, #text
  local function blank(from, to)
    out[#out + 1] = (text:sub(from, to):gsub("[^\n]", " "))
  end
  while i <= n do
    local two, one = text:sub(i, i + 1), text:sub(i, i)
    local stop
    if two == "/*" then
      stop = select(2, text:find("*/", i + 2, true)) or n
    elseif two == "//" then
      stop = (text:find("\n", i, true) or n + 1) - 1
    elseif one == '"' or one == "'" then
      stop = i + 1
      while stop <= n and text:sub(stop, stop) ~= one do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
    end
    if stop then
      blank(i, stop)
      i = stop + 1
    else
      out[#out + 1] = one
      i = i + 1
    end
  end
  return table.concat(out)
end

local function line_of(text, position)
  return 1 + select(2, text:sub(1, position):gsub("\n", ""))
end

-- Code without its preprocessor lines, continued ones too; line numbers stay.
local function without_directives(code)
  local out, continues = {}, false
  for line in (code .. "\n"):gmatch("(.-)\n") do
    local is_directive = continues or line:match("^%s*#")
    continues = is_directive and line:match("\\%s*$")
    out[#out + 1] = is_directive and "" or line
  end
  return table.concat(out, "\n")
end

-- Statements of a C file outside any brace, each with its line; a brace pair counts as "{}".
local function file_scope_statements(code)
  local statements, depth, start, from = {}, 0, {}, 1
  for position, mark in code:gmatch("()([{};])") do
    if depth == 0 then start[#start + 1] = code:sub(from, position - 1) end
    from = position + 1
    if mark == "{" then
      depth = depth + 1
      if depth == 1 then start[#start + 1] = "{}" end
    elseif mark == "}" then
      depth = math.max(0, depth - 1)
      if depth == 0 and table.concat(start):match("%)%s*{}%s*$") then start = {} end -- a function's body
    elseif depth == 0 then
      statements[#statements + 1] = { text = table.concat(start), line = line_of(code, position) }
      start = {}
    end
  end
  return statements
end

-- A variable that may change and outlives a call. Signals have no other way to reach the program.
local function is_mutable_variable(statement)
  local text = statement:gsub("__attribute__%s*%b()%b()", ""):gsub("__attribute__%s*%b()", "")
  text = text:gsub("^%s+", ""):gsub("TL_API%s+", "")
  if text == "" or text:match("^typedef%f[%W]") or text:match("^extern%f[%W]") then return false end
  if text:match("^_Static_assert") or text:match("sig_atomic_t") then return false end
  local head = text:match("^(.-)=") or text
  if head:match("^enum%s*[%w_]*%s*{}%s*$") or head:match("^struct%s+[%w_]+%s*{}%s*$") or head:match("^union%s+[%w_]+%s*{}%s*$") then
    return false -- a type, no variable
  end
  if head:match("^struct%s+[%w_]+%s*$") or head:match("^union%s+[%w_]+%s*$") then return false end
  if head:match("%*%s*const%s+[%w_]+") then return false end         -- constant pointer
  if head:match("%*%s*[%w_]+%s*%[?") and not head:match("%(") then return true end -- pointer that may move
  if head:match("%f[%w_]const%f[^%w_]") then return false end
  if head:match("%(") then return false end -- a function's prototype or a macro call
  return head:match("[%w_%]]%s*$") ~= nil and head:match("%s") ~= nil
end

local rules = {}

function rules.lines(path, text)
  local count = select(2, text:gsub("\n", ""))
  if count > LINES_MAX then return { { count, ("%d lines, at most %d"):format(count, LINES_MAX) } } end
end

function rules.tabs(path, text)
  local position = text:find("\t", 1, true)
  if position and not path:match("Makefile") then return { { line_of(text, position), "tab" } } end
end

function rules.long(path, text, code)
  if not path:match("%.[ch]$") then return end
  local found = {}
  local number = 0
  for line in (code .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local rest = line:gsub("long%s+long", "")
    if rest:match("%f[%w_]long%f[^%w_]") then
      found[#found + 1] = { number, "plain long: its size differs between systems; use int64_t" }
    end
  end
  return found
end

function rules.mutable(path, text, code)
  if not path:match("%.c$") or (path:match("^tests/") or path:match("/test_[^/]*%.c$")) then return end -- a test's fixture may change
  local found = {}
  code = without_directives(code)
  for _, statement in ipairs(file_scope_statements(code)) do
    if is_mutable_variable(statement.text) then
      found[#found + 1] = { statement.line, "mutable variable at file scope: " .. statement.text:gsub("%s+", " "):sub(1, 60) }
    end
  end
  local number = 0
  for line in (code .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    if line:match("^%s+static%s") and not line:match("%f[%w_]const%f[^%w_]") and not line:match("[(]") then
      found[#found + 1] = { number, "mutable static variable in a function" }
    end
  end
  return found
end

-- Words are put together here so that this file does not hold what it forbids.
local unfinished = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX", "HA" .. "CK" }
function rules.unfinished(path, text)
  for _, word in ipairs(unfinished) do
    local position = text:find("%f[%w]" .. word .. "%f[%W]")
    if position then return { { line_of(text, position), word .. ": finish it or file it" } } end
  end
end

local forbidden = {
  "py" .. "pi%.org", "python" .. "hosted", "crates" .. "%.io", "npm" .. "js%.", "golang" .. "%.org", "maven" .. "%.org",
  "debian" .. "%.org", "debian" .. "%.net", "ubuntu" .. "%.com", "[\"'= (]/wo" .. "rk/", "[\"'= (]/ro" .. "ot/",
  "[\"'= (]/ho" .. "me/", "/tmp" .. "/tl",
}
function rules.places(path, text)
  for _, word in ipairs(forbidden) do
    local position = text:find(word)
    if position then return { { line_of(text, position), "names a place that others do not have: " .. word } } end
  end
end

local planted = {
  { "lines", "a.c", ("\n"):rep(LINES_MAX + 1), 1 },
  { "lines", "a.c", ("\n"):rep(LINES_MAX), 0 },
  { "tabs", "a.c", "int\ta;", 1 },
  { "long", "a.c", "static long f(void);", 1 },
  { "long", "a.c", "unsigned long long x; /* long */ const char *s = \"long\"; int lengthlong;", 0 },
  { "mutable", "a.c", "static int count;", 1 },
  { "mutable", "a.c", "static uint64_t table[4] = {0};", 1 },
  { "mutable", "a.c", "static const char *name = \"x\";", 1 },
  { "mutable", "a.c", "int count = 0;\nint f(void) { return count; }", 1 },
  { "mutable", "a.c", "int f(void)\n{\n  static int calls;\n  return calls++;\n}\n", 1 },
  { "mutable", "a.c", "struct box { int a; } the_box;", 1 },
  { "mutable", "a.c", "static const int table[] = {1, 2};\nstatic const char *const names[] = {\"a\"};", 0 },
  { "mutable", "a.c", "typedef struct box { int a; } box;\nenum { A, B };\nstruct list;\nstatic int f(int a);\nint f(int a)\n{\n  int b = a;\n  return b;\n}\n", 0 },
  { "mutable", "a.c", "static volatile sig_atomic_t stop;", 0 },
  { "mutable", "a.c", "#define ROW(x) \\\n  static int x;\nstruct s { int a; };\nconst tl_twin_type t = {1, f};", 0 },
  { "unfinished", "a.c", "/* " .. unfinished[1] .. " later */", 1 },
  { "unfinished", "a.c", "int HACKING;", 0 },
  { "places", "a.md", "see /ro" .. "ot/x", 1 },
  { "places", "a.md", "get it from py" .. "pi.org", 1 },
}
for _, case in ipairs(planted) do
  local found = rules[case[1]](case[2], case[3], code_only(case[3])) or {}
  assert(#found == case[4], ("tidy.lua: rule %s found %d, not %d, in: %s"):format(case[1], #found, case[4], case[3]:sub(1, 80)))
end

-- Sources a folder may hold: C files; headers and tables belong to them.
local function crowded(source_counts)
  local found = {}
  for folder, count in pairs(source_counts) do
    if count > SOURCES_MAX then
      found[#found + 1] = ("%s: %d sources, at most %d"):format(folder, count, SOURCES_MAX)
    end
  end
  table.sort(found)
  return found
end
assert(#crowded { a = SOURCES_MAX + 1, b = SOURCES_MAX } == 1)

local judged = { c = true, h = true, def = true, lua = true, sh = true, py = true, cmake = true, txt = true, md = true }
local root = assert(arg[1], "usage: lua5.4 tests/tidy.lua SOURCE_ROOT")
local list = assert(io.popen(("cd '%s' && (git ls-files 2>/dev/null | grep . || find . -type f | sed 's,^[.]/,,')"):format(root)))
local names = { "lines", "tabs", "long", "mutable", "unfinished", "places" }
local file_count, bad_count, source_counts = 0, 0, {}
for path in list:lines() do
  local kind = path:match("%.(%w+)$")
  local is_script = path:match("^tools/[%w-]+$") or path:match("^%.ci/")
  local is_generated = path:match("^tests/golden/") or path:match("^third_party/") or path:match("^build/")
  local file = (judged[kind] or is_script) and not is_generated and io.open(root .. "/" .. path)
  if file then
    local text = file:read("a") or ""
    file:close()
    file_count = file_count + 1
    if kind == "c" and not path:match("^tests/") then
      local folder = path:match("^(.*)/[^/]+$") or "."
      source_counts[folder] = (source_counts[folder] or 0) + 1
    end
    local code = (kind == "c" or kind == "h") and code_only(text) or text
    for _, name in ipairs(names) do
      local applies = name ~= "lines" or (kind ~= "txt" and kind ~= "md") or path:match("CMakeLists")
      for _, row in ipairs(applies and rules[name](path, text, code) or {}) do
        io.stderr:write(("%s:%d: %s\n"):format(path, row[1], row[2]))
        bad_count = bad_count + 1
      end
    end
  end
end
list:close()
for _, sentence in ipairs(crowded(source_counts)) do
  io.stderr:write(sentence, "\n")
  bad_count = bad_count + 1
end
assert(file_count > 0, "no file found under " .. root)
print(("tidy: %d files, %d violations; of planted ones, %d cases passed"):format(file_count, bad_count, #planted + 1))
os.exit(bad_count == 0 and 0 or 1)
