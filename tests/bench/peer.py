# SPDX-License-Identifier: Apache-2.0
"""The same job as a user would write it in Python: requests, json, sqlite3. One transaction a page,
one row a change with its body. peer.py URL TENANT CLIENT TOKEN DATABASE"""
import json
import sqlite3
import sys
import time

import requests

url, tenant, client, token, path = sys.argv[1:]
http = requests.Session()
http.headers.update({"User-Agent": "snapwatch/peer-python", "Prefer": "include-unknown-enum-members",
                     "client-request-id": "5e0c6d35-4f3a-4c0e-9f7a-0d9a52a1b0ab"})
reply = http.post(f"{url}/{tenant}/oauth2/v2.0/token", data={
    "grant_type": "refresh_token", "client_id": client, "refresh_token": token,
    "scope": "https://graph.microsoft.com/.default"})
reply.raise_for_status()
http.headers["Authorization"] = "Bearer " + reply.json()["access_token"]


def get(link):
    answer = http.get(link)
    answer.raise_for_status()
    return answer.json()


base = f"{url}/v1.0/directory/recovery/snapshots"
snapshot = get(base)["value"][-1]["id"]
reply = http.post(f"{base}/{snapshot}/recoveryPreviewJobs", json={})
reply.raise_for_status()
job = f"{base}/{snapshot}/recoveryPreviewJobs/" + reply.headers["Location"].rsplit("/", 1)[1]
while get(job)["status"] != "successful":
    time.sleep(0.01)

db = sqlite3.connect(path)
db.executescript("""
    PRAGMA journal_mode = WAL;
    CREATE TABLE change (job INTEGER, ordinal INTEGER, entity_type TEXT, object_id TEXT, name TEXT,
        change TEXT, body TEXT, PRIMARY KEY (job, ordinal));
    CREATE INDEX change_object ON change (object_id, job);
    """)
ordinal = 0
link = f"{job}/microsoft.graph.entraRecoveryServices.getChanges()?$top=999"
while link:
    page = get(link)
    rows = []
    for e in page["value"]:
        ordinal += 1
        rows.append((1, ordinal, e["entityTypeName"], e["id"], e["displayName"], e["recoveryAction"],
                     json.dumps(e)))
    with db:
        db.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    link = page.get("@odata.nextLink")
db.close()
print("rows", ordinal)
