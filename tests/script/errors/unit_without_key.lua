scenario { duration = 1*min }
devices "room" {
  twin = "incubator", count = 3,
  init = { box_K = "20 W", heater_K = "20 degC" },
}
