scenario { duration = 1*h }
run(function()
  while true do wait(0) end
end)
