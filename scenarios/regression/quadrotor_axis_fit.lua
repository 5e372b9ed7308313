-- A quadrotor's vertical axis fitted to flights, and judged on other flights.
--   twinloop calibrate scenarios/regression/quadrotor_axis_fit.lua   the project's synthetic recording
--   twinloop calibrate scenarios/regression/quadrotor_axis_fit.lua --set recording=a.h5,b.h5 --set validate=c.h5
--   twinloop run .../quadrotor_axis_fit.lua --set recording=c.h5 --set parameters=assets/parameters/quadrotor_axis.json
-- Recordings are imported with assets/maps/crazypad_motor.lua. Pulse widths and the battery's voltage drive the rotors.
-- horizon: height and climb are taken from the recording every so many seconds, so each sample is predicted from a state at most
-- that old; 0 = free flight, where height is beyond what can be predicted (twins/quadrotor_axis/README.md says how far).
-- The battery's voltage is predicted from the pulse widths alone, over the whole recording.
-- Without validate the second half of the recording is not used for fitting.
local other, parameter_file = setting("validate", ""), setting("parameters", "")
local horizon, floor = setting("horizon", 1.0), setting("floor", 0.0975)
local airborne = setting("airborne", 0.5) -- share of the recording after which acceleration is compared: no landing in it
local shortest, training, held_out = math.huge, {}, {}

-- Where the search begins: hover near 2.4 V a rotor, lags and resistances of the size of such motors and batteries.
local start = { thrust_m_per_s2V2 = 1.7, supply_exponent = 0.8, motor_s = 0.05, inflow_s = 0.05, inflow_per_Vs = 0.4,
                ground_m = 0.04, emf_ratio = 0.7, battery_ohm = 0.1, relax_ohm = 0.03, relax_s = 4,
                fade_V_per_C = 0.001, sense_s = 0.03 }
if parameter_file ~= "" then start = nil end

local function craft(title, from)
  local twin = device(title) {
    twin = "quadrotor_axis", dt = 10*ms,
    drive = from:inputs { duty_1 = "pwm1", duty_2 = "pwm2", duty_3 = "pwm3", duty_4 = "pwm4", supply_V = "battery",
                          seen_height_m = "z", seen_climb_m_per_s = "vz" },
    init = { height_m = from.z, stand_m = from.z, open_V = from.battery, battery_V = from.battery },
    set = start or parameters(parameter_file),
    horizon_s = horizon, floor_m = floor,
  }
  compare(twin.climb_m_per_s, from.vz)
  compare(twin.height_m, from.z)
  compare(twin.battery_V, from.battery)
  compare(twin.acceleration_m_per_s2, from:slice(airborne * from.duration, from.duration).az)
  return twin
end

local function crafts(list, paths, title)
  for path in string.gmatch(paths, "[^,]+") do
    local from = recording(path)
    shortest = math.min(shortest, from.duration)
    list[#list + 1] = { from, #list == 0 and title or title .. "_" .. #list + 1 }
  end
end
crafts(training, setting("recording", "assets/recordings/quadrotor_axis_synthetic.h5"), "craft")
crafts(held_out, other, "validation")

scenario { title = "Quadrotor's vertical axis fitted to its recording", seed = 1, sync = 10*s, duration = shortest }

-- What a difference of weight 1 is, in each channel.
local noise = {}
for _, list in ipairs { training, held_out } do
  for i, row in ipairs(list) do
    local before = row[2] == "craft" and "" or row[2] .. "."
    list[i] = craft(row[2], row[1])
    noise[before .. "climb_m_per_s"], noise[before .. "height_m"] = 0.05, 0.05
    noise[before .. "battery_V"], noise[before .. "acceleration_m_per_s2"] = 0.01, 0.2
  end
end

calibrate {
  of = training, validate = held_out, noise = noise,
  free = {
    thrust_m_per_s2V2 = { 1, 3 },
    supply_exponent   = { 0.2, 1.5 },
    motor_s           = { 0.01, 0.3 },
    inflow_s          = { 0.01, 0.3 },
    inflow_per_Vs     = { 0, 2 },
    ground_m          = { 0, 0.1 },
    emf_ratio         = { 0.2, 1 },
    battery_ohm       = { 0.01, 1 },
    relax_ohm         = { 0.001, 0.3 },
    relax_s           = { 0.5, 30 },
    fade_V_per_C      = { 0, 0.02 },
    sense_s           = { 0.005, 0.2 },
  },
  starts = setting("starts", 4), train = setting("train", #held_out == 0 and 0.5 or 1), method = setting("method", "lm"),
  settle = 0,
}

thresholds {
  ["fidelity.rmse climb_m_per_s"] = setting("rmse", "< 1 m/s"), -- the start values pass; a fit has 0.05 and 0.01
  ["fidelity.rmse battery_V"] = setting("rmse_battery", "< 0.2 V"),
}
