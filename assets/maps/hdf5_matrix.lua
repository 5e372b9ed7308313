-- Foreign HDF5, one matrix whose attribute `columns` names its columns; NaN is missing, removed rows are a gap.
return {
  format = "hdf5",
  object = "/data",
  fleet = "tclab",
  label = "recorded: TCLab with made gaps, matrix",
  time = { column = "time", unit = "s" },
  channels = {
    { name = "Q1", column = "Q1", unit = "%", low = 0, high = 100, role = "input" },
    { name = "Q2", column = "Q2", unit = "%", low = 0, high = 100, role = "input" },
    { name = "T1", column = "T1", unit = "degC", low = 0, high = 100 },
    { name = "T2", column = "T2", unit = "degC", low = 0, high = 100 },
  },
}
