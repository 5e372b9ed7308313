-- A lift fitted to the acceleration that an inertial unit in its car recorded, and judged on other rides.
--   twinloop calibrate scenarios/regression/elevator_fit.lua   the project's synthetic recording
--   twinloop calibrate scenarios/regression/elevator_fit.lua --set recording=ride1.h5,ride2.h5 --set validate=ride3.h5
--   twinloop run scenarios/regression/elevator_fit.lua --set recording=ride3.h5 --set parameters=assets/parameters/elevator.json
-- ride: the floors of every recording in order ("4-0-4"); validate_ride: those of the validation, if others.
-- Recordings are imported with assets/maps/elevator.lua. Departures are the recording's (twins/elevator/README.md).
-- Without validate the second half of the recording is not used for fitting.
local ride, other = setting("ride", "4-0-4"), setting("validate", "")
local validate_ride = setting("validate_ride", ride)
local parameter_file = setting("parameters", "")
local shortest, training, held_out = math.huge, {}, {}

local function stops_of(text)
  local set = { stops = 0 }
  for floor in string.gmatch(text, "[^-]+") do
    if set.stops == 10 or not tonumber(floor) then error("a ride is 2 to 10 floors, such as 4-0-4, not " .. text) end
    set["stop_" .. set.stops] = tonumber(floor)
    set.stops = set.stops + 1
  end
  if set.stops < 2 then error("a ride is 2 to 10 floors, such as 4-0-4, not " .. text) end
  return set
end

-- Where the search begins: the published high-fidelity twin's limits, and a little levelling.
local start = { floor_height_m = 4, rated_m_per_s = 1, limit_m_per_s2 = 0.7, jerk_m_per_s3 = 1,
                creep_m_per_s = 0.08, creep_m = 0.2, bias_m_per_s2 = 0 }
if parameter_file ~= "" then start = nil end

local function lift(title, from, itinerary)
  local def = stops_of(itinerary)
  def.twin, def.dt, def.trigger_m_per_s2 = "elevator", 1*s, 0.2 -- a step a sample
  def.drive = from:inputs { seen_m_per_s2 = "acceleration" }
  def.set = start or parameters(parameter_file)
  local twin = device(title)(def)
  compare(twin.imu_m_per_s2, from.acceleration)
  return twin
end

local function lifts(list, paths, title, itinerary)
  for path in string.gmatch(paths, "[^,]+") do
    local from = recording(path)
    shortest = math.min(shortest, from.duration)
    list[#list + 1] = { from, #list == 0 and title or title .. "_" .. #list + 1, itinerary }
  end
end
lifts(training, setting("recording", "assets/recordings/elevator_synthetic.h5"), "lift", ride)
lifts(held_out, other, "validation", validate_ride)

scenario { title = "Lift fitted to its recording", seed = 1, sync = 60*s, duration = shortest }

for _, list in ipairs { training, held_out } do
  for i, row in ipairs(list) do list[i] = lift(row[2], row[1], row[3]) end
end

calibrate {
  of = training, validate = held_out,
  free = {
    floor_height_m = { 2.5, 6 },
    rated_m_per_s  = { 0.5, 2 },
    limit_m_per_s2 = { 0.3, 1.5 },
    jerk_m_per_s3  = { 0.4, 3 },
    creep_m_per_s  = { 0.02, 0.2, scale = "linear" },
    creep_m        = { 0.05, 0.6, scale = "linear" },
    bias_m_per_s2  = { -0.05, 0.05 },
  },
  starts = setting("starts", 24), train = setting("train", #held_out == 0 and 0.5 or 1), method = setting("method", "lm"),
  settle = 0,
}

thresholds { ["fidelity.rmse imu_m_per_s2"] = setting("rmse", "< 0.3 m/s2") } -- the start values pass; a fit has 0.03
