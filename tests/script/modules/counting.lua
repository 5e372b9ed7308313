local m = {}
function m.twice(x) return 2 * x end
return m
