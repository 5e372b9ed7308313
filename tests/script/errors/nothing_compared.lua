scenario { duration = 1*min }
local twin = device { twin = "incubator" }
thresholds {
  ["fidelity.rmse box_K"] = "< 1 K",
}
