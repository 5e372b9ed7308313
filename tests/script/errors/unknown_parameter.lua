scenario { duration = 1*h }
local fleet = devices "room" {
  twin = "incubator",
  vary = { G_bx_W_per_K = normal(0.7, 0.1) },
}
