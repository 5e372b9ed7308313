scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator", count = 10 }
run(function()
  wait(12*min)
  local worst = nil
  log("%d", worst + 1)
end)
