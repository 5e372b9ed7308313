local rec = recording "assets/recordings/incubator_synthetic.h5"
scenario { duration = 5*h }
local twin = device { twin = "incubator", drive = rec:inputs { heater_on = "heater", room_K = "room" } }
