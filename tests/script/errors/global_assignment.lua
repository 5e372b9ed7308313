scenario { duration = 1*h }
fleet = devices "room" { twin = "incubator", count = 10 }
