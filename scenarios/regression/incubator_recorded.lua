-- One incubator, driven by a recording's heater and room channels; its box temperature is compared.
--   twinloop run scenarios/regression/incubator_recorded.lua                              the project's synthetic recording
--   twinloop run scenarios/regression/incubator_recorded.lua --set recording=exp2.h5      a real one (assets/maps/incubator.lua)
local rec = recording(setting("recording", "assets/recordings/incubator_synthetic.h5"))

scenario { title = "Incubator against its recording", duration = rec.duration, sync = 60*s, seed = 1 }

-- The published parameters of 2020-12: twins/incubator/README.md. The heater starts as warm as the box.
local twin = device "incubator" {
  twin  = "incubator",
  drive = rec:inputs { heater_on = "heater", room_K = "room" },
  init  = { box_K = rec.box, heater_K = rec.box },
  C_air_J_per_K    = 177.62928,
  G_box_W_per_K    = 0.77307655,
  C_heater_J_per_K = 239.61236,
  G_heater_W_per_K = 2.31872819,
  voltage_V        = 12.16,
  current_A        = 10.45,
}

compare(twin.box_K, rec.box)

thresholds {
  ["fidelity.rmse box_K"]      = setting("rmse", "< 2.0 K"),
  ["fidelity.bias box_K"]      = "within 2.0 K",
  ["fidelity.r2 box_K"]        = "> 0.8",
  ["fidelity.max_abs box_K"]   = "< 6 K",
}
