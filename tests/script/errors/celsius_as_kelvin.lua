scenario { duration = 1*h }
local fleet = devices "room" {
  twin   = "incubator",
  count  = 10,
  room_K = 20,
}
