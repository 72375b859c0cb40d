-- list: of an index the newest jobs that fit, behind a place on; entries whose record is gone are removed on the way
-- KEYS: index
-- ARGV: job_prefix before_ms before_id after_ms look most most_bytes state fields label_value...
-- returns: {"end"|"full"|"more", ms and id of the last entry seen, {id, {field...}}...}; full: one more fits
local index, jobs, before_id = KEYS[1], ARGV[1], ARGV[3]
local before, after, look = tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
local most, room, state = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local names, fields = {'state'}, {}
for name in string.gmatch(ARGV[9], '%S+') do fields[#fields + 1] = name end
for i = 10, #ARGV, 2 do names[#names + 1] = ARGV[i] end

local function fits(id) -- nil where the record is gone
  local values = redis.call('HMGET', jobs .. id, unpack(names))
  if not values[1] then return nil end
  if state ~= '' and values[1] ~= state then return false end
  for i = 2, #names do
    if values[i] ~= ARGV[7 + 2 * i] then return false end
  end
  return true
end

local function record(id)
  local values = redis.call('HMGET', jobs .. id, unpack(fields))
  for _, value in ipairs(values) do room = room - (value and #value or 0) end
  return values
end

local at, verdict, found, gone, last_ms, last_id = 0, 'more', {}, {}, ARGV[2], before_id
if before_id ~= '' then -- by rank, which costs the same at any depth; of one that is gone by its score
  local rank = redis.call('ZREVRANK', index, before_id)
  at = rank and rank + 1 or redis.call('ZCOUNT', index, '(' .. ARGV[2], '+inf')
end
while verdict == 'more' and look > 0 do
  local page = math.min(look, 100)
  local entries = redis.call('ZREVRANGE', index, at, at + page - 1, 'WITHSCORES')
  if #entries == 0 then verdict = 'end' end
  at = at + page
  for i = 1, #entries, 2 do
    local id, ms = entries[i], tonumber(entries[i + 1])
    if ms <= after then verdict = 'end' break end
    if before_id == '' or ms < before or (ms == before and id < before_id) then
      local fit = fits(id)
      local values = fit and #found < most and record(id)
      if fit and (not values or (room < 0 and #found > 0)) then verdict = 'full' break end
      if values then found[#found + 1] = {id, values} end
      if fit == nil then gone[#gone + 1] = id end
      last_ms, last_id, look = string.format('%.0f', ms), id, look - 1
    end
  end
end
for _, id in ipairs(gone) do redis.call('ZREM', index, id) end
return {verdict, last_ms, last_id, unpack(found)}
