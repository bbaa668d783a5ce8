-- Changes with ids of their own, 150 bytes each: a JSON object with one member, named by the id. The same work here for both servers.
--
-- Arguments: the path before and behind the name of the list or application, with @ID@ where the id of the change belongs (or not at
-- all); the header; names for the lists or applications, split by commas; a tag that no other run has.

local threads = 0
function setup(thread)
    threads = threads + 1
    thread:set("index", threads)
end

local before, middle, behind, names, tag
local count = 0
local padding

function init(arguments)
    local path, header = arguments[1], arguments[2]
    names = {}
    for name in string.gmatch(arguments[3], "[^,]+") do names[#names + 1] = name end
    tag = arguments[4] .. index .. "."
    before = "PUT " .. string.match(path, "^(.-)@NAME@")
    middle = string.match(path, "@NAME@(.*)$")
    local id = string.format("%s%08d", tag, 0)
    padding = '":"' .. string.rep("x", 150 - 7 - #id) .. '"}'
    behind = " HTTP/1.1\r\nHost: 127.0.0.1\r\n" .. (header ~= "" and header .. "\r\n" or "") .. "Content-Length: 150\r\n\r\n"
    withID = string.find(middle, "@ID@", 1, true) ~= nil
    middle = string.gsub(middle, "@ID@", "")
end

function request()
    count = count + 1
    local id = string.format("%s%08d", tag, count)
    return before .. names[count % #names + 1] .. middle .. (withID and id or "") .. behind .. '{"' .. id .. padding
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("result requests=%d microseconds=%d bytes=%d errors=%d\n",
        summary.requests, summary.duration, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
