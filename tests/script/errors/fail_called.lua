scenario { duration = 1*h }
run(function()
  wait(10*min)
  pcall(fail, "the faulty model passed every gate")
end)
