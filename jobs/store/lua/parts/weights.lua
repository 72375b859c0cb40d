-- weights: what a job is expected to take of a worker's memory, in bytes: expected, and at the very least
local known = {}
local function weigh(factors, sizes)
  local weight, least = 0, 0
  for kind, bytes in string.gmatch(sizes or '', '(%S+) (%d+)') do
    if not known[kind] then known[kind] = tonumber(redis.call('HGET', factors, kind) or 0) end
    weight = weight + math.max(known[kind], 2) * bytes
    least = least + 2 * bytes -- the payload, and the frame that is made of it
  end
  return weight, least
end
