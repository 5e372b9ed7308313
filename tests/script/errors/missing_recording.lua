scenario { duration = 1*h }
local rec = recording "recordings/no_such_file.h5"
