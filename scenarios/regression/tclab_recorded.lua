-- A temperature control lab driven by a recording's heater powers; both thermistors are compared.
--   twinloop run scenarios/regression/tclab_recorded.lua                           the project's synthetic recording
--   twinloop run scenarios/regression/tclab_recorded.lua --set recording=tclab.h5  a real one (maps/tclab_energy_balance.lua)
-- fit=four_states (default): 4 states with thermistor lag; fit=published: 3 parameters, 2 states.
-- Parameters and their sources: twins/tclab/README.md.
local rec = recording(setting("recording", "assets/recordings/tclab_synthetic.h5"))
local fit = setting("fit", "four_states")

local fits = {
  published   = { U_W_per_m2K = 2.59136, Us_W_per_m2K = 2.59136, alpha1_W_per_pct = 0.00530806,
                  alpha2_W_per_pct = 0.00288701, tau_s = 0, ambient_K = 296.15 },
  four_states = { U_W_per_m2K = 3.9438, Us_W_per_m2K = 9.505, alpha1_W_per_pct = 0.006645,
                  alpha2_W_per_pct = 0.003327, tau_s = 16.27, ambient_K = rec.T1 },
}
if not fits[fit] then error("fit is published or four_states, not " .. fit) end

scenario { title = "TCLab against its recording, " .. fit, duration = rec.duration, sync = 60*s, seed = 1 }

local twin = device "tclab" {
  twin  = "tclab",
  drive = rec:inputs { Q1_pct = "Q1", Q2_pct = "Q2" },
  init  = { T1_K = rec.T1, Tc1_K = rec.T1, T2_K = rec.T2, Tc2_K = rec.T2 },
  set   = fits[fit],
}

compare(twin.Tc1_K, rec.T1)
compare(twin.Tc2_K, rec.T2)

thresholds {
  ["fidelity.rmse Tc1_K"] = "< 2.0 K",
  ["fidelity.rmse Tc2_K"] = "< 1.0 K",
}
