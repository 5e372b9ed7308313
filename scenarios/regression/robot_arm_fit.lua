-- A robot arm fitted to a recording, and judged on another.
--   twinloop calibrate scenarios/regression/robot_arm_fit.lua                                  the project's synthetic recording
--   twinloop calibrate scenarios/regression/robot_arm_fit.lua --set recording=franka.h5 -o franka.json
--   twinloop run scenarios/regression/robot_arm_fit.lua --set recording=franka.h5 --set parameters=assets/parameters/franka.json
--   ... --set validate=other.h5    a second recording of the same arm
-- Channels say which arm it is. q1.. dq1.. tau1.. (assets/maps/franka.lua): the motion is given, the torques that it takes
-- are compared; friction and a few links' values are free, the rest is the published set.
-- s1.. x y z (assets/maps/braccio.lua): the servos' angles are given, the tool point is compared; lengths and the joints'
-- offsets are free.
local name, other = setting("recording", "assets/recordings/robot_arm_synthetic.h5"), setting("validate", "")
local rec = recording(name)
local second = other ~= "" and recording(other) or nil

local function has(from, channel)
  for _, found in ipairs(from:channels()) do
    if found == channel then return true end
  end
  return false
end

local is_braccio = has(rec, "s1")
if second and has(second, "s1") ~= is_braccio then error("recording and validate are of different arms") end

scenario { title = "Robot arm fitted to its recording", seed = 1, sync = 60*s,
           duration = math.max(rec.duration, second and second.duration or 0) }

local free, weight = {}, {}

local file = setting("parameters", "")
local start = file ~= "" and file or ("assets/parameters/%s.json"):format(is_braccio and "braccio_nominal" or "franka_published")

-- Franka Emika Panda: links are those of Gaz et al. 2019.
local function panda(title, from)
  local drive, init = {}, {}
  for j = 1, 7 do
    drive[("q%d_command_rad"):format(j)] = "q" .. j
    drive[("dq%d_command_rad_per_s"):format(j)] = "dq" .. j
    init[("ref%d_rad_per_s"):format(j)] = from["dq" .. j]
    init[("lagged%d_rad_per_s"):format(j)] = from["dq" .. j]
  end
  local twin = device(title) {
    twin = "robot_arm", dt = 0.05*s, mode = 2, drive = from:inputs(drive), init = init,
    set = parameters(start),
  }
  for j = 1, 7 do compare(twin[("tau%d_Nm"):format(j)], from["tau" .. j]) end
  return twin
end

-- What a fit of the published links leaves over, N m: how much each joint counts.
local left_over = { 0.6, 0.9, 0.5, 0.55, 0.17, 0.12, 0.06 }
local function free_panda()
  for j = 1, 7 do
    free[("viscous%d_Nms_per_rad"):format(j)] = { 0, 10, start = 0.1, scale = "linear" }
    free[("coulomb%d_Nm"):format(j)] = { 0, 10, scale = "linear" }
    free[("bias%d_Nm"):format(j)] = { -5, 5 }
    weight[("tau%d_Nm"):format(j)] = 1 / left_over[j]
  end
  -- links that four-fold cross-validation asks for beside friction; more of them fit better and predict worse
  free.com4_x_m, free.com5_y_m, free.com7_x_m, free.com7_y_m = { -0.2, 0.2 }, { -0.2, 0.2 }, { -0.1, 0.1 }, { -0.1, 0.1 }
  free.differentiation_s = { 0.01, 0.5, scale = "linear" }
end

local function braccio(title, from)
  local drive = {}
  for j = 1, 6 do drive[("q%d_command_rad"):format(j)] = "s" .. j end
  local twin = device(title) {
    twin = "robot_arm", dt = 0.05*s, mode = 2, drive = from:inputs(drive),
    set = parameters(start),
  }
  for _, axis in ipairs { "x", "y", "z" } do compare(twin[("tcp_%s_m"):format(axis)], from[axis]) end
  return twin
end

local function free_braccio()
  for _, length in ipairs { "d1_m", "a3_m", "a4_m", "d5_m" } do free[length] = { 0.01, 0.5, scale = "linear" } end
  for j = 1, 4 do free[("theta%d_rad"):format(j)] = { -4, 4 } end
  -- recorded to 0.01 mm across, but in whole millimetres of height
  weight.tcp_x_m, weight.tcp_y_m, weight.tcp_z_m = 1 / 1e-5, 1 / 1e-5, 1 / 3e-4
end

local make = is_braccio and braccio or panda
local twin = make("arm", rec)
local held_out = second and make("validation", second)
if is_braccio then free_braccio() else free_panda() end

calibrate {
  of = twin, validate = held_out, free = free, weight = weight,
  starts = setting("starts", 1), train = setting("train", 1), method = setting("method", "lm"),
}

local limits = {}
if is_braccio then
  for _, axis in ipairs { "x", "y", "z" } do limits[("fidelity.rmse tcp_%s_m"):format(axis)] = setting("rmse", "< 50 mm") end
else
  for j = 1, 7 do limits[("fidelity.r2 tau%d_Nm"):format(j)] = setting("r2", "> 0.5") end
end
thresholds(limits)
