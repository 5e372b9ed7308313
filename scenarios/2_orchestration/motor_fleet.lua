-- Sixty motors start and run; in some a spall grows on the bearing's outer race. Does kurtosis tell which?
--   twinloop run scenarios/2_orchestration/motor_fleet.lua [--set count=1000]
scenario { title = "Motor fleet with growing spalls", duration = 8*s, sync = 0.1*s, seed = 7 }

local motors = devices "motors" {
  twin = "motor_bearing", count = setting("count", 60), dt = 0.2*ms, tick = 20*ms,
  sensors = {
    level     = { column = "rms_m_per_s2", noise = 0.02 },
    sharpness = { column = "kurtosis", noise = 0.05 },
  },
  set  = { drive_Hz = 29.95, window_s = 0.5 },
  vary = {
    load_Nm        = uniform(0.5, 2.5),
    eccentricity_m = uniform(5e-6, 3e-5),
    vertical_Hz    = uniform(20, 27),
    structure_Hz   = uniform(1800, 2300),
    cage_slip      = uniform(0.0, 0.02),
  },
}
local sick = motors:sample(0.2, "sick")

thresholds {
  ["kurtosis min"]        = { "> 3", of = sick, after = 4*s }, -- a sine has 1.5
  ["kurtosis p50"]        = { "< 2", after = 4*s },            -- most are well
  ["speed_rad_per_s min"] = { "> 170 rad/s", after = 3*s },
}

run(function()
  wait(3*s) -- through the critical speed, and its ringing has died away
  for tenths = 1, 8 do
    sick:set { outer_spall_m = tenths * 1e-4 }
    wait(0.5*s)
    log("spall %.1f mm: rms %.2f, kurtosis %.1f; all: rms %.2f, kurtosis %.1f", tenths * 0.1, sick:stat "rms_m_per_s2 mean",
      sick:stat "kurtosis mean", motors:stat "rms_m_per_s2 mean", motors:stat "kurtosis mean")
  end
end)
