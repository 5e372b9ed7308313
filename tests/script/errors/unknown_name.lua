scenario { duration = 1*h }
local fleet = devices "room" { twin = "incubator", count = 10 }

thresold {
  ["box_K max"] = "< 60 degC",
}
