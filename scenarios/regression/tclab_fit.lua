-- A temperature control lab fitted to a recording, and judged on another.
--   twinloop calibrate scenarios/regression/tclab_fit.lua                                   the project's synthetic recording
--   twinloop calibrate scenarios/regression/tclab_fit.lua --set recording=tclab.h5 -o tclab.json
--   ... --set validate=other.h5   a second recording of the same board (parameters do not carry over to another board)
--   twinloop run scenarios/regression/tclab_fit.lua --set recording=tclab.h5 --set parameters=tclab.json
-- Four states: heaters and thermistors. ambient=first: the first temperature of heater 1 is that of the air; ambient=free:
-- fitted. states=given: heaters begin as warm as their thermistors; states=free: fitted.
local name, other = setting("recording", "assets/recordings/tclab_synthetic.h5"), setting("validate", "")
local ambient, states = setting("ambient", "first"), setting("states", "given")
local file = setting("parameters", "")
local rec = recording(name)
local second = other ~= "" and recording(other) or nil

scenario { title = "TCLab fitted to its recording", seed = 1, sync = 60*s,
           duration = math.max(rec.duration, second and second.duration or 0) }

-- The published start values; the thermistors' lag and the second coefficient are not in that model.
local published = { U_W_per_m2K = 10, Us_W_per_m2K = 10, alpha1_W_per_pct = 0.01, alpha2_W_per_pct = 0.0075, tau_s = 10 }
local free = {
  U_W_per_m2K      = { 1, 40 },
  Us_W_per_m2K     = { 0.1, 200 },
  alpha1_W_per_pct = { 0.001, 0.05 },
  alpha2_W_per_pct = { 0.001, 0.05 },
  tau_s            = { 0.5, 100 },
}
if ambient == "free" then free.ambient_K = { degC(5), degC(40) } end
if states == "free" then free.init = { T1_K = { degC(5), degC(40) }, T2_K = { degC(5), degC(40) } } end

local function tclab(title, from)
  -- a file of fitted parameters knows what began or blew in the recording that it was fitted to
  local loads = file ~= "" and from == rec
  local loads_states, loads_ambient = loads and states == "free", loads and ambient == "free"
  local twin = device(title) {
    twin = "tclab", dt = 3*s, -- a step a sample
    drive = from:inputs { Q1_pct = "Q1", Q2_pct = "Q2" },
    init = { T1_K = not loads_states and from.T1 or nil, T2_K = not loads_states and from.T2 or nil,
             Tc1_K = from.T1, Tc2_K = from.T2, ambient_K = not loads_ambient and from.T1 or nil },
    set = file ~= "" and parameters(file) or published,
  }
  compare(twin.Tc1_K, from.T1)
  compare(twin.Tc2_K, from.T2)
  return twin
end

local twin = tclab("tclab", rec)
local held_out = second and tclab("validation", second)

calibrate {
  of = twin, validate = held_out, free = free,
  starts = setting("starts", 12), train = setting("train", 1), method = setting("method", "lm"),
}

thresholds {
  ["fidelity.rmse Tc1_K"] = setting("rmse1", "< 20 K"),
  ["fidelity.rmse Tc2_K"] = setting("rmse2", "< 20 K"),
}
