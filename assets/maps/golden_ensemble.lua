-- An observation and an ensemble's first members: obs, m1, m2 ... (shared test data, fidelity-golden/ensembles). There is
-- no time: a row a second. Files have 3 members or more; copy this map and name more of them where they are wanted.
return {
  fleet = "ensemble",
  label = "golden ensemble",
  time = { period = 1 },
  channels = {
    { name = "obs", unit = "1" },
    { name = "m1", unit = "1" },
    { name = "m2", unit = "1" },
    { name = "m3", unit = "1" },
  },
}
