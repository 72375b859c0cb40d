-- take: one request of a tenant, by the generic cell rate algorithm: the key holds when the tenant has its whole burst
-- KEYS: requests
-- ARGV: interval_us burst
-- returns: {1 taken or 0, requests left, us until one more may be taken, us until the whole burst is there again}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local whole_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local after = whole_at + interval
local early = after - burst * interval - now
if early > 0 then return {0, 0, math.ceil(early), math.ceil(whole_at - now)} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, math.floor((burst * interval - (after - now)) / interval), 0, math.ceil(after - now)}
