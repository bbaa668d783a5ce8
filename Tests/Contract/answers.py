"""Leads a running Cistern through its contract and holds each answer against the description that it serves: answers.py URL

schemathesis makes requests up and so meets few of the rarer answers; here every answer below 400 has to come once.
"""

import json
import sys
import uuid

import requests
import schemathesis
from jsonschema import Draft202012Validator
from websockets.sync.client import connect

url = sys.argv[1]
description = requests.get(url + "/openapi.json", timeout=10).json()
contract = schemathesis.openapi.from_url(url + "/openapi.json")
operations = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in description["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
seen = set()
app = "answers"
changes = f"/v1/apps/{app}/changes"


def ask(name, expected, slug=None, query=None, headers=None, body=None, media_type=None, **path):
    """Sends a request of an operation, and wants this status, this problem, and what is described for it."""
    method, template, _ = operations[name]
    arguments = {"path_parameters": path, "query": query or {}, "headers": headers or {}}
    if media_type:
        arguments.update(body=body, media_type=media_type)
    case = contract[template][method].Case(**arguments)
    answer = case.call()
    case.validate_response(answer, excluded_checks=[schemathesis.checks.not_a_server_error] if expected >= 500 else [])
    found = answer.json()["type"].removeprefix("/problems/") if answer.status_code >= 400 else None
    if (answer.status_code, found) != (expected, slug):
        raise AssertionError(f"{name}: {answer.status_code} {found} rather than {expected} {slug}: {answer.content[:300]}")
    seen.add((name, str(expected)))
    return answer


MERGE, PATCH, OWN = "application/merge-patch+json", "application/json-patch+json", "application/vnd.cistern.patch+json"


def push(change, body, expected=201, slug=None, media_type=MERGE, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask("pushChange", expected, slug, headers=headers, body=body, media_type=media_type, app=app, change=change)


def pushing():
    ask("getApplication", 404, "unknown-app", app=app)
    ask("getState", 404, "unknown-app", app=app)
    first = push("c1", {"title": "Plan", "list": list(range(400))}, Prefer="wait=5")
    assert first.json()["status"] == "applied"
    push("c1", {"title": "Plan", "list": list(range(400))}, 200)
    push("c1", {"title": "Plan", "list": list(range(400))}, 204, Prefer="return=minimal")
    push("c1", {"title": "Other"}, 409, "change-id-reused")
    push("c2", [{"op": "test", "path": "/title", "value": "No"}], media_type=PATCH, Prefer="wait=5").json()["reason"]
    push("c3", [{"op": "increment", "path": "/count", "value": 1.5}], media_type=OWN)
    push("c4", [{"op": "increment", "path": "/count", "value": 1.5}], 400, "invalid-patch", media_type=PATCH)
    push("c5", {}, If_Match=f'"{first.json()["epoch"]}-0"')
    push("c5x", {}, 400, "invalid-precondition", If_Match="soon")
    push("c6", {"long": "x" * (1 << 20)}, 413, "change-too-large")
    push("c7~2", {}, 410, "client-unknown")
    push("c7~1", {})
    push("c7~3", {}, 409, "out-of-order")
    push("019b0000-0000-7000-8000-000000000000".replace("019b", "0100"), {}, 410, "change-too-old")
    push("ffff0000-0000-7000-8000-000000000000", {}, 400, "change-from-the-future")
    push("-", {}, 400, "invalid-id")
    answer = requests.put(url + changes + "/c8", data="{", headers={"Content-Type": "text/plain"}, timeout=10)
    method, template, _ = operations["pushChange"]
    case = contract[template][method].Case(path_parameters={"app": app, "change": "c8"}, body={}, media_type=MERGE)
    case.validate_response(answer)
    assert answer.status_code == 415
    case.validate_response(
        requests.put(url + changes + "/c8", data='{"a":1,"a":2}', headers={"Content-Type": MERGE}, timeout=10))
    batch = [
        {"id": "b1", "type": MERGE, "change": {"batch": 1}},
        {"id": "b2", "type": PATCH, "if_match": "*", "change": [{"op": "add", "path": "/n/o", "value": 1}]},
    ]
    ask("pushBatch", 200, body=batch, media_type="application/json", app=app)
    batch[0]["change"] = {"batch": 2}
    ask("pushBatch", 409, "change-id-reused", body=batch, media_type="application/json", app=app)
    ask("pushBatch", 400, "invalid-batch", body=[{"id": "b3"}], media_type="application/json", app=app)
    ask("getChange", 200, headers={"Prefer": "wait=5"}, app=app, change="b2").json()["reason"]
    ask("getChange", 404, "unknown-change", app=app, change="b9")


def polling():
    position = ask("getApplication", 200, app=app).json()
    receipt = f'{position["epoch"]}-{position["tail"]}'
    state = ask("getState", 200, query={"at_least": receipt}, app=app)
    version = state.headers["etag"][0]
    known = {"If-None-Match": version}
    ask("getState", 304, headers=known, app=app)
    ask("getState", 304, headers={**known, "Prefer": "wait=1"}, app=app)
    ask("getState", 200, query={"path": "/list/3"}, app=app)
    ask("getState", 404, "no-such-path", query={"path": "/list/3/x"}, app=app)
    ask("getState", 400, "invalid-parameter", query={"path": "list"}, app=app)
    ask("getState", 409, "epoch-changed", query={"at_least": "0-1"}, app=app)
    ask("getState", 503, "not-yet-merged", query={"at_least": f'{position["epoch"]}-99999'}, headers={"Prefer": "wait=1"}, app=app)
    after = push("d1", {"title": "Later"}).json()["receipt"]
    for form in ("merge-patch", "json-patch"):
        ask("getState", 226, query={"at_least": after}, headers={**known, "A-IM": form}, app=app)
    ask("getState", 200, query={"fresh": "1"}, headers={"Accept-Encoding": "gzip"}, app=app)
    bare = version.strip('W/"')
    for apps, headers in ((f"{app},nobody", {}), (f"{app}@{bare}", {"A-IM": "merge-patch"})):
        ask("getStates", 200, query={"apps": apps}, headers=headers)
    ask("getStates", 400, "invalid-parameter")
    with requests.get(
        url + f"/v1/apps/{app}/state?presence=1", headers={"Accept": "text/event-stream"}, stream=True, timeout=10
    ) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert {"Cistern-Poll-Interval", "Cache-Control", "Vary"} <= set(stream.headers)
        lines = stream.iter_lines(decode_unicode=True)
        wanted = {"state", "presence"}
        while wanted:
            event = dict(line.split(": ", 1) for line in iter(lambda: next(lines), ""))
            wanted -= {event.get("event")}
            if "retry" in event:
                continue
            if event["event"] == "state":
                hold(event["id"], "Token")
                hold(event["position"], "Token")
            else:
                hold(json.loads(event["data"]), "Clients")


def being_here():
    here = dict(app=app, client="ann")
    ask("putPresence", 201, body={"name": "Ann"}, media_type="application/json", **here)
    ask("putPresence", 204, query={"ttl": 60}, body=None, media_type="application/json", **here)
    ask("putPresence", 413, "presence-too-large", body="x" * 5000, media_type="application/json", **here)
    ask("putPresence", 400, "invalid-parameter", query={"ttl": 0}, body=1, media_type="application/json", **here)
    everybody = ask("getPresence", 200, app=app)
    assert list(everybody.json()["clients"]) == ["ann"]
    ask("getPresence", 304, headers={"If-None-Match": everybody.headers["etag"][0]}, app=app)
    ask("deletePresence", 204, **here)


def operating():
    def operate(name, expected, slug=None, operation="o1", body=None, lease=None, media_type="application/json", **more):
        headers = {**more.pop("headers", {}), **({"Lease-Token": lease} if lease else {})}
        media_type = None if body is None else media_type
        return ask(name, expected, slug, headers=headers, body=body, media_type=media_type, app=app, operation=operation, **more)

    def claim(**more):
        body = {"worker": "w", "kinds": ["answers"], **more}
        return ask("claimOperations", 200, body=body, media_type="application/json").json()["items"][0]["lease"]["token"]

    wish = {"kind": "answers", "input": [1]}
    operate("getOperation", 404, "unknown-operation")
    tag = operate("createOperation", 201, body=wish).headers["etag"][0]
    operate("createOperation", 200, body=wish)
    operate("createOperation", 409, "operation-mismatch", body={"kind": "other"})
    operate("createOperation", 422, "invalid-operation", body={})
    operate("createOperation", 403, "operation-reserved", body={"kind": "cistern.recover"})
    ask("claimOperations", 403, "operation-reserved", body={"worker": "w", "kinds": ["cistern.recover"]}, media_type="application/json")
    operate("createOperation", 413, "operation-too-large", body={"kind": "answers", "input": "x" * 70_000})
    operate("getOperation", 200)
    operate("getOperation", 304, headers={"If-None-Match": tag})
    operate("getResult", 404, "result-not-ready")
    lease = claim(apps=[app], lease_s=60)
    ask("claimOperations", 204, body={"worker": "w", "kinds": ["answers"]}, media_type="application/json")
    ask("claimOperations", 422, "invalid-operation", body={"worker": "w"}, media_type="application/json")
    operate("heartbeat", 200, body={"progress": {"percent": 1.5}, "checkpoint": 7}, lease=lease)
    operate("heartbeat", 409, "lease-lost", body={}, lease="1-other")
    operate("giveBackOperation", 204, lease=lease)
    lease = claim()
    operate("failOperation", 200, body={"error": {}, "retryable": True, "retry_after_s": 0}, lease=lease)
    lease = claim(wait_s=5)
    operate("putResult", 201, body={"rows": 1}, lease=lease)
    operate("putResult", 200, body={"rows": 1}, lease=lease)
    operate("putResult", 409, "lease-lost", body={"rows": 2}, lease=lease)
    operate("getOperation", 200, query={"redirect": "never"})
    method, template, _ = operations["getOperation"]
    there = requests.get(url + f"/v1/apps/{app}/operations/o1", allow_redirects=False, timeout=10)
    contract[template][method].Case(path_parameters={"app": app, "operation": "o1"}).validate_response(there)
    assert there.status_code == 303
    seen.add(("getOperation", "303"))
    tag = operate("getResult", 200).headers["etag"][0]
    operate("getResult", 304, headers={"If-None-Match": tag})
    operate("getResult", 206, headers={"Range": "bytes=1-6", "If-Range": tag})
    operate("getResult", 416, "range-not-satisfiable", headers={"Range": "bytes=1000-"})
    operate("getResult", 412, "precondition-failed", headers={"If-Match": '"other"'})
    key = {"Idempotency-Key": "answers-1"}
    ask("createOperationByKey", 202, headers=key, body=wish, media_type="application/json", app=app)
    ask("createOperationByKey", 422, "idempotency-key-reused", headers=key, body={"kind": "other"}, media_type="application/json", app=app)
    ask("listOperations", 200, query={"limit": 1}, app=app)
    ask("listOperations", 400, "invalid-parameter", query={"status": "asleep"}, app=app)
    operate("createOperation", 201, operation="o9", body={"kind": "answers", "attempts": 1, "publish": "/jobs/o9", "priority": 9})
    lease = claim()
    operate("failOperation", 200, operation="o9", body={"error": {}, "retryable": True}, lease=lease)
    operate("retryOperation", 202, operation="o9")
    operate("retryOperation", 409, "operation-not-dead", operation="o9")
    operate("cancelOperation", 200)
    operate("deleteOperation", 412, "precondition-failed", headers={"If-Match": '"other"'})
    operate("deleteOperation", 204)
    operate("getOperation", 410, "operation-gone")
    operate("createOperation", 409, "operation-id-retired", body=wish)
    for name, operation in (("cancelOperation", "o2"), ("deleteOperation", "o3")):
        operate("createOperation", 201, operation=operation, body=wish)
        operate(name, 202, operation=operation)
    operate("getResult", 409, "operation-failed", operation="o2")


def hold(value, name):
    """Holds a value against a schema of the description."""
    Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": description["components"]}).validate(value)


def socket():
    ask("openSocket", 426, "upgrade-required", app=app)
    address = url.replace("http", "ws") + f"/v1/apps/{app}/socket?client=bob&presence=1"
    with connect(address, subprotocols=["cistern.v1"], compression=None) as connection:
        assert connection.response.status_code == 101 and connection.subprotocol == "cistern.v1"
        seen.add(("openSocket", "101"))
        wanted = {"state", "patch", "ack", "refused", "rejected", "presence", "deleted"}
        for message in (
            {"push": {"id": "s1", "change": {"socket": 1}}},
            {"push": {"id": "s2", "type": PATCH, "change": [{"op": "remove", "path": "/nowhere"}]}},
            {"presence": {"name": "Bob"}, "ttl": 60},
        ):
            hold(message, "SocketRequest")
            connection.send(json.dumps(message))
        connection.send('{"push":{"id":"c1","change":{"other":1}}}')
        connection.send('{"nonsense":1}')
        while wanted:
            message = json.loads(connection.recv(timeout=20))
            hold(message, "SocketMessage")
            wanted -= set(message)
            if wanted == {"deleted"}:
                ask("deleteApplication", 204, app=app)


def administering():
    for number in range(3):
        ask("pushChange", 201, body={}, media_type=MERGE, app=f"{app}-{number}", change=str(uuid.uuid4()))
    page = ask("listApplications", 200, query={"prefix": app, "limit": 2}).json()
    ask("listApplications", 200, query={"after": page["next"]})
    ask("listApplications", 200, query={"sort": "bytes"})
    ask("listApplications", 400, "invalid-parameter", query={"limit": 0})
    ask("listChanges", 200, query={"after": 0, "limit": 3}, app=app)
    ask("listChanges", 200, query={"latest": 64}, app=app)
    ask("listChanges", 404, "unknown-app", app="nobody")
    ask("deleteApplication", 412, "precondition-failed", headers={"If-Match": '"0-1"'}, app=app)
    ask("deleteApplication", 404, "unknown-app", app="nobody")


def telling():
    hook = {"webhook": "answers"}
    subscription = {"url": "https://example.org/hook", "apps": [app], "event_types": ["change.rejected"]}

    def put(expected, slug=None, body=subscription, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask("putWebhook", expected, slug, headers=headers, body=body, media_type="application/json", **hook)

    ask("getWebhook", 404, "unknown-webhook", **hook)
    assert put(201, If_None_Match="*").json()["secret"].startswith("whsec_")
    put(412, "precondition-failed", If_None_Match="*")
    put(422, "invalid-webhook", body={**subscription, "apps": []})
    put(422, "url-forbidden", body={**subscription, "url": "https://10.0.0.1/"})
    tag = put(200).headers["etag"][0]
    ask("getWebhook", 200, **hook)
    ask("getWebhook", 304, headers={"If-None-Match": tag}, **hook)
    ask("listWebhooks", 200)
    ask("patchWebhook", 200, headers={"If-Match": tag}, body={"rate_limit": 3}, media_type=MERGE, **hook)
    ask("patchWebhook", 412, "precondition-failed", headers={"If-Match": tag}, body={"rate_limit": 4}, media_type=MERGE, **hook)
    ask("rotateSecret", 200, body={"grace_s": 60}, media_type="application/json", **hook)
    # Nothing is sent to a webhook that is disabled.
    ask("disableWebhook", 200, **hook)
    delivery = ask("testWebhook", 202, **hook).json()["delivery"]
    ask("listDeliveries", 200, query={"webhook": "answers", "limit": 1})
    ask("listDeliveries", 400, "invalid-parameter", query={"status": "asleep"})
    ask("getDelivery", 200, delivery=delivery)
    ask("getDelivery", 404, "unknown-delivery", delivery="x")
    ask("getAttempts", 200, delivery=delivery)
    ask("replayDelivery", 409, "webhook-disabled", delivery=delivery)
    now = requests.get(url + "/v1/daemons", timeout=10).json()["time"]
    wish = {"body": {"since": now}, "media_type": "application/json"}
    ask("recoverWebhook", 409, "webhook-disabled", **wish, **hook)
    ask("enableWebhook", 200, **hook)
    ask("replayDelivery", 202, delivery=delivery)
    ask("recoverWebhook", 202, **wish, **hook)
    ask("recoverWebhook", 422, "invalid-webhook", body={"since": "2020-01-01T00:00:00Z"}, media_type="application/json", **hook)
    ask("deleteWebhook", 204, **hook)
    ask("deleteWebhook", 404, "unknown-webhook", **hook)


def everything_else():
    push("c1", {"title": "Plan"}, 410, "application-deleted")
    for name in ("getHealth", "getReadiness", "getMetrics", "listProblems", "getProblemStyle", "listDaemons"):
        ask(name, 200)
    ask("getProblem", 200, problem="not-found")
    ask("getProblem", 404, "not-found", problem="nonsense")
    tag = ask("getDescription", 200).headers["etag"][0]
    ask("getDescription", 304, headers={"If-None-Match": tag})


for part in (pushing, polling, being_here, operating, telling, administering, socket, everything_else):
    part()
described = {
    (name, status) for name, (_, _, operation) in operations.items() for status in operation["responses"] if status < "4"
}
missing = sorted(described - seen)
if missing:
    sys.exit(f"These answers are described and did not come: {missing}")
print(f"{len(seen)} kinds of answers are as described, all {len(described)} below 400 among them")
