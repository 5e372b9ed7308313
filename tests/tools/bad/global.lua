scenario { title = "global", duration = 1*h, sync = 10*s }
count = 3
