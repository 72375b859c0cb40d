-- learn: how many bytes of memory a byte of input takes, by kind of payload; up at once, down slowly, and within reason
-- KEYS: factors
-- ARGV: ttl_ms kind_factor...
-- returns: how many were learned
for i = 2, #ARGV, 2 do
  local known, seen = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0), math.min(tonumber(ARGV[i + 1]), 64)
  redis.call('HSET', KEYS[1], ARGV[i], math.max(seen, known * 0.95 + seen * 0.05))
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return (#ARGV - 1) / 2
