-- SPDX-License-Identifier: Apache-2.0
-- wrk sends the requests of the Lua file LOAD_REQUESTS, again and again. It does not tell which answer belongs to which request,
-- so an answer is judged by the id that it echoes, and refusals and errors by their number.
local planned = dofile(os.getenv("LOAD_REQUESTS"))
local by_id, threads, next_thread = {}, {}, 0
for _, p in ipairs(planned) do by_id[p.id] = p end

function setup(thread)
    thread:set("offset", next_thread)
    next_thread = next_thread + 1
    table.insert(threads, thread)
end

function init()
    at = offset * 997 % #planned
    sent200, sent403, sent502, got200, got403, got502, wrong, first_wrong = 0, 0, 0, 0, 0, 0, 0, ""
end

function request()
    at = at % #planned + 1
    local p = planned[at]
    if p.status == 200 then sent200 = sent200 + 1 elseif p.status == 403 then sent403 = sent403 + 1 else sent502 = sent502 + 1 end
    return p.raw
end

local function is_wrong(status, body)
    wrong = wrong + 1
    if first_wrong == "" then first_wrong = status .. " " .. body:sub(1, 200) end
end

function response(status, headers, body)
    if status == 200 then
        got200 = got200 + 1
        local p = by_id[body:match('"id":"(w%d+)"') or ""]
        if not p or p.status ~= 200 or not body:find(p.echo, 1, true) then is_wrong(status, body) end
    elseif status == 403 then
        got403 = got403 + 1
    elseif status == 502 then
        got502 = got502 + 1
        if not body:find('^{"message": ?"Internal server error"}$') then is_wrong(status, body) end
    else
        is_wrong(status, body)
    end
end

function done(summary)
    local names = {"sent200", "sent403", "sent502", "got200", "got403", "got502", "wrong"}
    local line = {}
    for _, name in ipairs(names) do
        local sum = 0
        for _, thread in ipairs(threads) do sum = sum + thread:get(name) end
        table.insert(line, name .. "=" .. sum)
    end
    local e = summary.errors
    table.insert(line, "sockets=" .. e.connect + e.read + e.write + e.timeout)
    print("JUDGED " .. table.concat(line, " "))
    for _, thread in ipairs(threads) do
        if thread:get("first_wrong") ~= "" then print("WRONG " .. thread:get("first_wrong")) end
    end
end
