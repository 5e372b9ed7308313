local rec = recording "nowhere.h5"
scenario { title = "recording", duration = 1*h, sync = 10*s }
