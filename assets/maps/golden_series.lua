-- A pair of curves with expected scores: t, ref, sim (shared test data, fidelity-golden/series). No unit is given.
return {
  fleet = "pair",
  label = "golden pair of curves",
  time = { column = "t", unit = "s" },
  channels = {
    { name = "ref", unit = "1" },
    { name = "sim", unit = "1" },
  },
}
