-- trim: take ids out of a tenant's index whose records are gone: both are written together, so none is on its way
-- KEYS: index
-- ARGV: job_prefix id...
-- returns: how many
local gone = 0
for i = 2, #ARGV do
  if redis.call('EXISTS', ARGV[1] .. ARGV[i]) == 0 then gone = gone + redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return gone
