-- A lithium-ion cell fitted to a recorded current and voltage, and judged on another recording of the same cell.
--   twinloop calibrate scenarios/regression/battery_cell_fit.lua   the project's synthetic recording
--   twinloop calibrate scenarios/regression/battery_cell_fit.lua --set recording=hppc.h5 --set validate=1c.h5 -o cell.json
-- (maps: assets/maps/leaf_hppc.lua, leaf_discharge.lua.)
-- model=small (default): an open-circuit curve of 16 nodes and two RC branches that do not depend on charge, 21 values.
-- model=tables: 11 nodes of everything and two time constants, 46 values: nearest to its own recording, worse on others.
-- parameters=FILE: begins with (and `twinloop run` uses) a parameter file instead of the published values.
local name, other = setting("recording", "assets/recordings/battery_synthetic.h5"), setting("validate", "")
local model, file = setting("model", "small"), setting("parameters", "")
local ambient_K = degC(setting("ambient", 25))
local rec = recording(name)
local second = other ~= "" and recording(other) or nil

scenario { title = "Battery cell fitted to its recording, " .. model, seed = 1, sync = 10*min,
           duration = math.max(rec.duration, second and second.duration or 0) }

-- Published open-circuit points of the cell (twins/battery_cell/README.md), read at our nodes.
local published = { { 0.0026, 3.000 }, { 0.0634, 3.531 }, { 0.1674, 3.723 }, { 0.2715, 3.802 }, { 0.3756, 3.869 },
                    { 0.4796, 3.909 }, { 0.5836, 3.949 }, { 0.6876, 3.984 }, { 0.7916, 4.048 }, { 0.8957, 4.086 }, { 1, 4.182 } }
local function open_V(z)
  local k = 1
  while k < #published - 1 and z > published[k + 1][1] do k = k + 1 end
  local a, b = published[k], published[k + 1]
  return a[2] + (b[2] - a[2]) * (z - a[1]) / (b[1] - a[1])
end

-- Where the curve bends: close together below a fifth of the charge and near the top.
local nodes = { small  = { 0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1 },
                tables = { 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1 } }
if not nodes[model] then error("model is small or tables, not " .. model) end

local function each(format, count, act) for k = 0, count - 1 do act(string.format(format, k), k + 1) end end

local start, free = { R0_ohm = 1e-3, R1_ohm = 1e-3, R2_ohm = 1e-3, tau1_s = 300, tau2_s = 20 }, {}
for k = 1, 16 do
  local z = nodes[model][k] or 1 + 0.01 * (k - #nodes[model]) -- nodes that are not needed lie beyond a full cell
  start[string.format("open_soc_%02d", k - 1)] = z
  start[string.format("open_%02d_V", k - 1)] = open_V(z)
  if nodes[model][k] then free[string.format("open_%02d_V", k - 1)] = { 2, 4.5 } end
end
for _, tau in ipairs { "tau1_%02d", "tau2_%02d" } do each(tau, 11, function(key) start[key] = 1 end) end
for _, R in ipairs { "R0_%02d", "R1_%02d", "R2_%02d" } do
  each(R, 11, function(key)
    start[key] = 1
    if model == "tables" then free[key] = { 0, 1e5 } end
  end)
end
if model == "small" then
  start.R0_ohm, start.charge_efficiency = 1.6e-3, 1
  free.R0_ohm, free.R1_ohm, free.R2_ohm = { 1e-4, 1e-2 }, { 1e-5, 1e-2 }, { 1e-5, 1e-2 }
  free.tau1_s, free.tau2_s = { 60, 5000 }, { 1, 60 }
else
  free.tau1_s, free.tau2_s = { 60, 1e6 }, { 1, 300 }
end

-- A cycler's row carries the current that led to it; the first voltage says how full the cell is.
local function cell(title, from)
  local twin = device(title) {
    twin = "battery_cell", dt = 2*min, -- a step a sample
    drive = from:inputs { current_A = { "current", held = "before" } },
    init = { voltage_V = from.voltage, soc_known = 0, temperature_K = ambient_K },
    ambient_K = ambient_K,
    set = file ~= "" and parameters(file) or start,
  }
  compare(twin.voltage_V, from.voltage)
  return twin
end

local twin = cell("cell", rec)
local held_out = second and cell("validation", second)

calibrate {
  of = twin, validate = held_out, free = free,
  starts = setting("starts", 1), train = setting("train", 1), method = setting("method", "lm"),
}

thresholds { ["fidelity.rmse voltage_V"] = setting("rmse", "< 0.1 V") }
