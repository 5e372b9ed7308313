scenario { duration = 1*min }
devices "room" { twin = "incubator", count = 3 }
thresholds { ["box_K max"] = { "< 60 degC", after = 1*h } }
