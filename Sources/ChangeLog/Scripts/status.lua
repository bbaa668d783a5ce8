-- status(life, change): what is known of a change.
--
-- KEYS: server, application, the change's record, its client's record (or the record again). ARGV: life, number ('' if it has none).
local app = application(KEYS[2])
if app and app.generation ~= generation then return { 'adopt' } end
local record = parse_record(call('GET', KEYS[3]))
local number, result = tonumber(ARGV[2]), nil
if number then
  local client = parse_client(call('GET', KEYS[4]))
  if client and number <= client.last then
    result = judge_numbered(client, number, nil, record, app and app.creation)
  end
elseif record and app and record.creation == app.creation then
  result = { 'known', record.position, record.reason }
elseif record then
  result = { 'deleted' }
end
if not result then return { 'unknown' } end
return { 'ok', app and app.epoch or '', app and app.merged or 0, result }
