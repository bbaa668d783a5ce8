-- status(life, change): what is known of a change.
--
-- KEYS: server, application, the windows, then the client's record of a numbered change.
-- ARGV: life, change, number ('' if it has none).
local app = application(KEYS[2])
if app and app.generation ~= generation then return { 'adopt' } end
look_at_windows(3)
local record = parse_record(find_records({ ARGV[2] })[1])
local number, result = tonumber(ARGV[3]), nil
if number then
  local client = parse_client(call('GET', KEYS[3 + window_count]))
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
