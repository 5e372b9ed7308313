scenario { title = "sandbox", duration = 1*h, sync = 10*s }
local text = io.open("/etc/hostname")
