-- Nissan Leaf cell, thermocouples during a discharge: batterysim/nissan-leaf-data, Temperature-*.lvm.
-- Tab separated with an empty first column, no header and no time column. The period is an ASSUMPTION (the file spans
-- the electrical log of the same test): align it to that log before comparing.
return {
  fleet = "cell",
  label = "recorded: Nissan Leaf cell, surface temperatures (period assumed)",
  header = false,
  delimiter = "\t",
  time = { period = 3 * s },
  channels = {
    { name = "surface", mean = { 2, 3, 4 }, unit = "degC", low = -20, high = 120 },
    { name = "surface1", column = 2, unit = "degC", low = -20, high = 120 },
    { name = "surface2", column = 3, unit = "degC", low = -20, high = 120 },
    { name = "surface3", column = 4, unit = "degC", low = -20, high = 120 },
    { name = "ambient", column = 5, unit = "degC", low = -20, high = 120, role = "input" },
  },
}
