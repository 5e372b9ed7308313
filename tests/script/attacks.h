/* attacks.h: thirty-odd scripts that try to escape, to crash or to never end. Each must end with one of our errors.
 *
 * Owns: nothing. Threads: const data. */
#ifndef TL_TESTS_SCRIPT_ATTACKS_H
#define TL_TESTS_SCRIPT_ATTACKS_H

typedef struct attack {
  const char *name;
  const char *text;
} attack;

static const attack attacks[] = {
    {"bytecode", "\x1bLuaT\x00\x19\x93"},
    {"load", "load('return 1')()"},
    {"loadstring through an alias", "local f = _ENV['loadstring'] f('x')"},
    {"string.dump", "local d = string.dump(function() end)"},
    {"method of a string", "local d = ('x'):dump()"},
    {"dofile", "dofile('/etc/passwd')"},
    {"require with a path", "require '../../etc/passwd'"},
    {"require of an absolute path", "require '/etc/passwd'"},
    {"os", "os.execute('true')"},
    {"io", "io.open('/etc/passwd')"},
    {"debug", "debug.getregistry()"},
    {"package", "package.loadlib('x', 'y')"},
    {"collectgarbage", "collectgarbage('stop')"},
    {"string.rep", "local s = string.rep('x', 1e9)"},
    {"string.rep of nothing",
     "local s = (''):rep(math.maxinteger) while true do s = s:rep(1 << 50) end"},
    {"string.rep of separators", "local s = ('x'):rep(1 << 40, 'yyyy')"},
    {"doubling a text", "local s = 'xxxxxxxx' while true do s = s .. s end"},
    {"a table without end", "local t = {} for i = 1, 1e12 do t[i] = i end"},
    {"tables in tables", "local t = {} while true do t = { t, { t } } end"},
    {"deep recursion", "local function f(n) return 1 + f(n + 1) end f(1)"},
    {"deep recursion in C", "local function f(s) return s:gsub('.', f) end f('x')"},
    {"pattern blow-up", "local s = ('a'):rep(60) s:find(('a*'):rep(30) .. 'b')"},
    {"pattern blow-up with sets", "local s = ('ab'):rep(5000) s:match('[ab]-[ab]-[ab]-c')"},
    {"gsub bomb", "local s = 'x' while true do s = s:gsub('.', '%0%0%0%0%0%0%0%0') end"},
    {"gmatch forever", "for w in ('x'):rep(1000):gmatch('()') do while true do end end"},
    {"__gc", "setmetatable({}, { __gc = function() while true do end end })"},
    {"__gc by a built name", "setmetatable({}, { ['__' .. 'gc'] = function() end })"},
    {"__mode by rawset", "rawset({}, '__' .. 'mode', 'k')"},
    {"pcall swallows an endless loop", "while true do pcall(function() while true do end end) end"},
    {"pcall swallows memory",
     "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end) end"},
    {"xpcall with an endless handler",
     "xpcall(function() while true do end end, function() while true do end end)"},
    {"xpcall in xpcall",
     "local function h(e) return xpcall(error, h, e) end xpcall(error, h, 'x')"},
    {"endless closer", "local x <close> = setmetatable({}, { __close = function() while true do "
                       "end end }) error 'x'"},
    {"closers all the way",
     "local function f() local x <close> = setmetatable({}, { __close = function() f() end }) "
     "while true do end end f()"},
    {"coroutine flood",
     "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end"},
    {"coroutines in coroutines", "local function f() return coroutine.wrap(f)() end f()"},
    {"coroutine.wrap in pcall",
     "local f = coroutine.wrap(function() while true do end end) while true do pcall(f) "
     "f = coroutine.wrap(function() while true do end end) end"},
    {"coroutine closes another",
     "local co co = coroutine.create(function() local x <close> = setmetatable({}, { __close = "
     "function() while true do end end }) coroutine.yield() end) coroutine.resume(co) "
     "pcall(coroutine.close, co) while true do end"},
    {"yield to the scheduler", "coroutine.yield()"},
    {"format of an address", "local s = string.format('%p', {})"},
    {"format of a table", "local s = ('%s'):format({})"},
    {"tostring of a function", "tostring(print)"},
    {"address through __name", "tostring(setmetatable({}, { __name = 'x' }))"},
    {"error object with __tostring",
     "error(setmetatable({}, { __tostring = function() while true do end end }))"},
    {"metatable of texts", "getmetatable('').__index = nil"},
    {"goto loop", "::again:: goto again"},
    {"repeat loop", "repeat until false"},
    {"numeric for", "for i = 1, math.maxinteger do end"},
    {"huge unpack", "table.unpack({}, 1, 1e8)"},
    {"select with a huge index", "select(-1e9, table.unpack({}, 1, 1e5))"},
    {"unpack over and over", "while true do select('#', table.unpack({}, 1, 1e5)) end"},
    {"table.concat of a made table",
     "table.concat(setmetatable({}, { __index = rawlen }), '', 1, 1e15)"},
    {"table.concat of long texts",
     "local s = ('x'):rep(1e6) local t = {} for i = 1, 1000 do t[i] = s end table.concat(t)"},
    {"table.move without end", "table.move({}, 1, math.maxinteger - 1, 2)"},
    {"table.insert into a made length",
     "table.insert(setmetatable({}, { __len = function() return 1e15 end }), 1, 'x')"},
    {"table.sort that never agrees", "local t = {} for i = 1, 4e5 do t[i] = i end while true do "
                                     "table.sort(t, function() return true end) end"},
    {"utf8 of everything", "local s = ('x'):rep(1e7) while true do utf8.len(s) end"},
    {"power operator", "local x = 2 ^ 0.5"},
    {"random seed", "math.randomseed(1)"},
    {"next", "local k = next({})"},
    {"_G", "_G.print = nil"},
    {"an API name", "wait = nil print = nil"},
    {"pairs over functions", "for k in pairs({ [print] = 1 }) do end"},
    {"concat chain", "local t = {} for i = 1, 200 do t[i] = ('x'):rep(1e6) .. i end local s = '' "
                     "for i = 1, 200 do for j = 1, 200 do s = s .. t[j] end end"},
    {"a very long chunk", "local t = {} for i = 1, 1e9 do t[#t + 1] = ('%d'):format(i) end"},
};
#endif
