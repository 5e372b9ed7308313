scenario { duration = 1*h }
run(function()
  wait({})
end)
