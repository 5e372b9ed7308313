-- Machine temperature with a system failure: Numenta Anomaly Benchmark, machine_temperature_system_failure.csv.
-- An hour of stamps comes twice (the clock steps back by 3300 s): the rows of the second pass are dropped.
-- The source gives no unit; the values look like degF and are stored as plain numbers.
return {
  fleet = "machine",
  label = "recorded: NAB machine temperature",
  time = { column = "timestamp", unit = "iso", duplicates = "first", backwards = "drop" },
  channels = {
    { name = "temperature", column = "value", unit = "1", low = -100, high = 300 },
  },
}
