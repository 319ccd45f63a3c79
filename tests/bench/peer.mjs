// SPDX-License-Identifier: Apache-2.0
// The same job as a user would write it in Node: Microsoft's Graph client and better-sqlite3. One
// transaction a page, one row a change with its body. peer.mjs URL TENANT CLIENT TOKEN DATABASE
import { Client, ResponseType } from "@microsoft/microsoft-graph-client";
import Database from "better-sqlite3";

const [url, tenant, client, token, path] = process.argv.slice(2);
const agent = {
	"User-Agent": "snapwatch/peer-node",
	Prefer: "include-unknown-enum-members",
	"client-request-id": "5e0c6d35-4f3a-4c0e-9f7a-0d9a52a1b0ac",
};

const reply = await fetch(`${url}/${tenant}/oauth2/v2.0/token`, {
	method: "POST",
	headers: agent,
	body: new URLSearchParams({
		grant_type: "refresh_token",
		client_id: client,
		refresh_token: token,
		scope: "https://graph.microsoft.com/.default",
	}),
});
if (!reply.ok) throw new Error(await reply.text());
const { access_token: access } = await reply.json();
const graph = Client.init({
	baseUrl: url,
	defaultVersion: "v1.0",
	customHosts: new Set([new URL(url).hostname, new URL(url).host]),
	authProvider: (done) => done(null, access),
});
const get = (link) => graph.api(link).headers(agent).get();

const snapshots = (await get("/directory/recovery/snapshots")).value;
const base = `/directory/recovery/snapshots/${snapshots.at(-1).id}/recoveryPreviewJobs`;
const made = await graph.api(base).headers(agent).responseType(ResponseType.RAW).post({});
if (!made.ok) throw new Error(await made.text());
const job = `${base}/${made.headers.get("Location").split("/").at(-1)}`;
while ((await get(job)).status !== "successful") await new Promise((next) => setTimeout(next, 10));

const db = new Database(path);
db.pragma("journal_mode = WAL");
db.exec(`CREATE TABLE change (job INTEGER, ordinal INTEGER, entity_type TEXT, object_id TEXT, name TEXT,
	change TEXT, body TEXT, PRIMARY KEY (job, ordinal));
	CREATE INDEX change_object ON change (object_id, job)`);
const insert = db.prepare("INSERT INTO change VALUES (1, ?, ?, ?, ?, ?, ?)");
let ordinal = 0;
const store = db.transaction((page) => {
	for (const e of page)
		insert.run(++ordinal, e.entityTypeName, e.id, e.displayName, e.recoveryAction, JSON.stringify(e));
});
let link = `${job}/microsoft.graph.entraRecoveryServices.getChanges()?$top=999`;
while (link) {
	const page = await get(link);
	store(page.value);
	link = page["@odata.nextLink"];
}
db.close();
console.log(`rows ${ordinal}`);
