scenario { duration = 1*min }
run(function() log("%d", 1.5) end)
