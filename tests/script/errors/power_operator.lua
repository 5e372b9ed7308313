scenario { duration = 1*h }
local area = 0.2^2 -- not x^2 in a comment
