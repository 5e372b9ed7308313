-- A water loop fitted to one recorded experiment with a valve, and judged on another.
--   twinloop calibrate scenarios/regression/pump_loop_fit.lua                               the project's synthetic recording
--   twinloop calibrate scenarios/regression/pump_loop_fit.lua --set recording=v1_0.h5 --set validate=v1_2.h5 -o loop.json
-- (map: assets/maps/skab.lua.) valve=1 (default) or 2: which one is moved while `anomaly` is 1; the recording does not say.
-- gate=none: a recording without labels (map skab_anomaly_free.lua). train=0.6: the later part judges the fit.
-- parameters=FILE: begins with (and `twinloop run` uses) a parameter file.
local name, other = setting("recording", "assets/recordings/pump_synthetic.h5"), setting("validate", "")
local valve, gate, file = setting("valve", 1), setting("gate", "anomaly"), setting("parameters", "")
if valve ~= 1 and valve ~= 2 then error("valve is 1 or 2, not " .. valve) end
local ambient_K = degC(setting("ambient", 23)) -- not recorded
local rec = recording(name)
local second = other ~= "" and recording(other) or nil

scenario { title = "Pump loop fitted to its recording", seed = 1, sync = 1*min,
           duration = math.max(rec.duration, second and second.duration or 0) }

-- Where the search begins, and stays where the recording says nothing: a moved valve costs some 3 % of the flow.
local start = { system_m = 80, motor_W_per_K = 1.5 }
start["valve" .. valve .. "_shut"] = 0.14

local function loop(title, from)
  local drive = { voltage_V = "voltage" }
  if gate ~= "none" then drive["valve" .. valve .. "_gate"] = gate end
  local init = {
    pump_flow_L_per_min = from.flow, speed_rad_s = 290, motor_K = from.motor_temperature, water_K = from.water_temperature,
  }
  local twin = device(title) {
    twin = "pump_loop", dt = 1*min, -- a step a sample
    drive = from:inputs(drive),
    init = init, ambient_K = ambient_K,
    set = file ~= "" and parameters(file) or start,
  }
  compare(twin.flow_L_per_min, from.flow)
  compare(twin.current_A, from.current)
  compare(twin.pressure_bar, from.pressure)
  compare(twin.motor_K, from.motor_temperature)
  compare(twin.water_K, from.water_temperature)
  return twin
end

local twin = loop("loop", rec)
local held_out = second and loop("validation", second)

calibrate {
  of = twin, validate = held_out,
  free = {
    system_m            = { 0.2, 500 },
    ["valve" .. valve .. "_shut"] = { 0.01, 1 },
    idle_A              = { 0.1, 10 },
    saturation          = { 0, 6 },
    pressure_offset_bar = { -2, 2 },
    motor_W_per_K       = { 0.1, 20 },
    motor_J_per_K       = { 300, 30000 },
    water_W_per_K       = { 1, 300 },
  },
  noise = { flow_L_per_min = 0.5, current_A = 0.25, pressure_bar = 0.25, motor_K = 1, water_K = 0.03 },
  starts = setting("starts", 1), train = setting("train", 1), method = setting("method", "lm"),
}

thresholds { ["fidelity.rmse flow_L_per_min"] = setting("rmse", "< 10 L/min") }
