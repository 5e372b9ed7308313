scenario { title = "typo", duration = 1*h, sync = 10*s }
thresold { ["box_K max"] = "< 300 K" }
