scenario { duration = 1*h }
local fleet = devices "room" {
  twin    = "incubator",
  sensors = { box = { column = "box_K", nosie = 0.1 } },
}
