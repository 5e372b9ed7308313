scenario { title = "twin", duration = 1*h, sync = 10*s }
devices "boxes" { count = 3, twin = "incubater", dt = 1*s, tick = 1*s }
