local rec = recording "assets/recordings/incubator_synthetic.h5"
scenario { duration = rec.duration }
local twin = device { twin = "incubator", drive = rec:inputs { heater = "heater" } }
