scenario { duration = 1*min }
wait(10*s)
