scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator", count = 10 }
run(function()
  log("%.1f", fleet:stat "bx_K mean")
end)
