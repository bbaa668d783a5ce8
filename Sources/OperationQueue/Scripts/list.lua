-- list(life, application, after, most, status, kind): operations of an application, the newest first.
--
-- KEYS: server, prefix. `after` is the number of the last one of the page before, '' for the first page; status and kind are '' for all. Looks
-- at so many at most, and so may answer fewer than there are, even none, and where to go on: '' if there are no more.
local app, most, status, kind = ARGV[2], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local looked = status == '' and kind == '' and most or most_listed
local members = call('ZREVRANGEBYSCORE', list_key(app), ARGV[3] == '' and '+inf' or '(' .. ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, looked)
local found, last = {}, nil
for i = 1, #members, 2 do
  local op = find(app, members[i])
  last = members[i + 1]
  if not op then
    call('ZREM', list_key(app), members[i])
  elseif (status == '' or op.status == status) and (kind == '' or op.kind == kind) then
    found[#found + 1] = { members[i], document(op) }
    if #found >= most then break end
  end
end
local more = last and call('ZCOUNT', list_key(app), '-inf', '(' .. last) > 0
return { 'ok', more and last or '', found }
