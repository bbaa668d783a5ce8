"""Polls steadily and says how long the answers took: poller.py URL SECONDS BASELINE NAME

The first run writes its 99th percentile to BASELINE; the others fail if theirs is more than a few times that, or a poll failed.
"""

import http.client
import os
import sys
import time
from urllib.parse import urlsplit

# As a client does that polls four times as often as it should: enough for a percentile in seconds, and no load.
INTERVAL = 0.0125
# What a percentile may go up by: what the slow connections cost the machine itself, with their client on the same one.
FACTOR, MILLISECONDS = 3, 20

url, seconds, baseline, name = sys.argv[1:]
parts = urlsplit(url)
connection = http.client.HTTPConnection(parts.netloc, timeout=10)
times = []
end = time.monotonic() + float(seconds)
while (begin := time.monotonic()) < end:
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or len(body) < 1000:
        sys.exit(f"{name}: {answer.status} with {len(body)} bytes")
    times.append((time.monotonic() - begin) * 1000)
    time.sleep(max(0, begin + INTERVAL - time.monotonic()))
times.sort()
middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
print(f"{name:13} {len(times):6} polls   p50 {middle:7.2f} ms   p99 {late:7.2f} ms   longest {times[-1]:7.2f} ms", flush=True)
if not os.path.exists(baseline):
    with open(baseline, "w") as file:
        file.write(str(late))
else:
    with open(baseline) as file:
        alone = float(file.read())
    limit = max(alone * FACTOR, alone + MILLISECONDS)
    if late > limit:
        sys.exit(f"{name}: the 99th percentile may be {limit:.2f} ms at most")
