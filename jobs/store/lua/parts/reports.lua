-- reports: of a job's attempts the first five reports and the last fifteen stay
local function keep_report(reports, report)
  if redis.call('RPUSH', reports, report) > 20 then
    redis.call('LSET', reports, 5, '')
    redis.call('LREM', reports, 1, '')
  end
end
