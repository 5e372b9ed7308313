scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator", count = 10 }
thresholds {
  ["comfort.eror p95"] = "< 1 K",
}
