-- Pose accuracy and repeatability (ISO 9283) of a Panda whose second and fourth joints are mounted a little wrong: thirty visits
-- to one pose from changing directions, the tool measured with noise. The controller believes the offsets of `set`.
--   twinloop run scenarios/regression/robot_arm_poses.lua                       the controller knows the offsets: accurate
--   ... --set believed2=0 --set believed4=0                                     it does not: as repeatable, and 9 mm off
-- Offsets come from a fit, `free = { theta2_rad = {..} }` against measured tool points, as robot_arm_fit.lua does for the
-- Braccio. What is left of AP then is how far the servos give way under the arm's weight.
local true2, true4 = 0.5, -0.4 -- degrees
local believed2, believed4 = setting("believed2", true2), setting("believed4", true4)
local AP_max, RP_max = setting("AP_max_mm", 0.5), setting("RP_max_mm", 1.0)
local CYCLES, MOVE = 30, 3*s

scenario { title = "Pose accuracy and repeatability of an arm", duration = (2*CYCLES + 1)*MOVE, sync = 1*s, seed = 9283 }

local function stiff(def)
  for j = 1, 7 do
    def[("kp%d_Nm_per_rad"):format(j)], def[("kd%d_Nms_per_rad"):format(j)] = 1e5, 2e3
    def[("tau%d_max_Nm"):format(j)] = 500
  end
  return def
end

local arm = device "arm" (stiff {
  twin = "robot_arm", dt = 2*ms, tick = 100*ms, mode = 1, set = parameters "assets/parameters/franka.json",
  theta2_rad = true2 .. " deg", theta4_rad = true4 .. " deg",
  sensors = { x = { column = "tcp_x_m", noise = 5e-5 }, y = { column = "tcp_y_m", noise = 5e-5 },
              z = { column = "tcp_z_m", noise = 5e-5 } },
})
local model = device "model" { -- where the tool should be
  twin = "robot_arm", dt = 2*ms, tick = 100*ms, mode = 2, set = parameters "assets/parameters/franka.json",
}

local pose = { 0.2, 0.3, -0.1, -1.8, 0.2, 2.0, 0.5 }
local function command(which, q, correct2, correct4)
  local columns = {}
  for j = 1, 7 do columns[("q%d_command_rad"):format(j)] = q[j] end
  columns.q2_command_rad = columns.q2_command_rad - correct2 * math.pi / 180
  columns.q4_command_rad = columns.q4_command_rad - correct4 * math.pi / 180
  which:set(columns)
end

run(function()
  local random, attained = rng "away", { x = {}, y = {}, z = {} }
  command(model, pose, 0, 0)
  for cycle = 1, CYCLES do
    local away = {}
    for j = 1, 7 do away[j] = pose[j] + 0.8 * random() - 0.4 end
    command(arm, away, believed2, believed4)
    wait(MOVE)
    command(arm, pose, believed2, believed4)
    wait(MOVE)
    for axis, list in pairs(attained) do list[cycle] = arm:read(axis) end
  end
  local r = iso9283 { x = attained.x, y = attained.y, z = attained.z,
                      command = { model:read "tcp_x_m", model:read "tcp_y_m", model:read "tcp_z_m" } }
  log("AP %.3f mm, RP %.3f mm over %d cycles", 1e3 * r.AP, 1e3 * r.RP, r.cycles)
  if 1e3 * r.AP > AP_max then fail(("pose accuracy is %.3f mm, at most %g allowed"):format(1e3 * r.AP, AP_max)) end
  if 1e3 * r.RP > RP_max then fail(("pose repeatability is %.3f mm, at most %g allowed"):format(1e3 * r.RP, RP_max)) end
end)
