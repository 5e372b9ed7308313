-- An incubator fitted to a recording, and judged on another.
--   twinloop calibrate scenarios/regression/incubator_fit.lua                                  the project's synthetic recording
--   twinloop calibrate scenarios/regression/incubator_fit.lua --set recording=exp2.h5 -o incubator.json
--   ... --set validate=exp3.h5   a second recording of the same box: only its first heater temperature is found anew
--   twinloop run scenarios/regression/incubator_fit.lua --set recording=exp2.h5 --set parameters=incubator.json
-- Power is given (12 V fan and heater: 12.16 V, 10.45 A): from temperatures alone, power and all capacities and
-- conductances scale together. The heater may begin warmer than the box: its temperature is free.
local name, other = setting("recording", "assets/recordings/incubator_synthetic.h5"), setting("validate", "")
local rec = recording(name)
local second = other ~= "" and recording(other) or nil
local file = setting("parameters", "")

scenario { title = "Incubator fitted to its recording", seed = 1, sync = 60*s,
           duration = math.max(rec.duration, second and second.duration or 0) }

-- Published 2020-12 (twins/incubator/README.md): where the search begins.
local published = { C_air_J_per_K = 177.62928, G_box_W_per_K = 0.77307655, C_heater_J_per_K = 239.61236,
                    G_heater_W_per_K = 2.31872819, voltage_V = 12.16, current_A = 10.45 }

local function incubator(title, from)
  local twin = device(title) {
    twin = "incubator", dt = 5*s, -- a step a sample
    drive = from:inputs { heater_on = "heater", room_K = "room" },
    -- a file of fitted parameters knows the heater's first temperature in the recording that it was fitted to
    init = { box_K = from.box, heater_K = (file == "" or from ~= rec) and from.box or nil },
    set = file ~= "" and parameters(file) or published,
  }
  compare(twin.box_K, from.box)
  return twin
end

local twin = incubator("incubator", rec)
local held_out = second and incubator("validation", second)

calibrate {
  of = twin, validate = held_out,
  free = {
    C_air_J_per_K    = { 10, 10000 },
    G_box_W_per_K    = { 0.05, 50 },
    C_heater_J_per_K = { 1, 10000 },
    G_heater_W_per_K = { 0.05, 50 },
    init = { box_K = { degC(0), degC(60) }, heater_K = { degC(10), degC(60) } },
  },
  starts = setting("starts", 12), train = setting("train", 1), method = setting("method", "lm"),
}

thresholds { ["fidelity.rmse box_K"] = setting("rmse", "< 2.0 K") }
