scenario { title = "syntax", duration = 1*h, sync = 10*s }
run(function()
  wait(1*min
end)
