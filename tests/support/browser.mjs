// SPDX-License-Identifier: Apache-2.0
// Signs in with headless Chromium, as a person does: opens an address, presses a button of the page, waits for
// what comes after it. Speaks the DevTools protocol through a pipe (--remote-debugging-pipe), so it listens nowhere
// and needs no package.
//
//	node browser.mjs PROFILE-DIRECTORY ADDRESS accept|cancel BEGINNING-OF-THE-LAST-ADDRESS SCREENSHOT.png
//
// Prints the last page: its address without the query, its title and its text.
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';

const [profile, address, answer, last, screenshot] = process.argv.slice(2);
const chromium = spawn(process.env.CHROMIUM || 'chromium', [
	'--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server',
	'--ignore-certificate-errors', '--hide-scrollbars', '--window-size=900,640',
	`--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank',
], {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
const [, , , to, from] = chromium.stdio;

const waiting = new Map();
const events = [];
let wake = () => {}, ended = false, serial = 0, rest = Buffer.alloc(0);

from.on('data', (data) => {
	rest = Buffer.concat([rest, data]);
	for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
		const message = JSON.parse(rest.subarray(0, end));
		if (waiting.has(message.id)) {
			const {resolve, reject} = waiting.get(message.id);
			waiting.delete(message.id);
			message.error ? reject(new Error(message.error.message)) : resolve(message.result);
		} else {
			events.push(message.method);
			wake();
		}
	}
});
chromium.on('exit', () => {
	ended = true;
	for (const {reject} of waiting.values()) reject(new Error('chromium ended'));
	wake();
});

function call(method, params = {}, sessionId = undefined) {
	const id = ++serial;
	to.write(`${JSON.stringify({id, method, params, sessionId})}\0`);
	return new Promise((resolve, reject) => waiting.set(id, {resolve, reject}));
}

async function event(method) {
	while (!events.includes(method)) {
		if (ended) throw new Error(`chromium ended before ${method}`);
		await new Promise((resolve) => { wake = resolve; });
	}
	events.length = 0;
}

async function visit() {
	const {targetInfos} = await call('Target.getTargets');
	const {targetId} = targetInfos.find((t) => t.type === 'page');
	const {sessionId} = await call('Target.attachToTarget', {targetId, flatten: true});
	const page = (method, params) => call(method, params, sessionId);
	const value = async (expression) => (await page('Runtime.evaluate', {expression})).result.value;

	await page('Page.enable');
	await page('Page.navigate', {url: address});
	await event('Page.loadEventFired');
	const button = await value(`(b => b ? (b.click(), b.textContent) : null)(document.querySelector('button[value="${answer}"]'))`);
	if (!button) throw new Error(`no button '${answer}' on: ${await value('document.body.innerText')}`);
	while (!(await value('location.href')).startsWith(last) || await value('document.readyState') !== 'complete')
		await event('Page.loadEventFired');
	const {data} = await page('Page.captureScreenshot');
	writeFileSync(screenshot, Buffer.from(data, 'base64'));
	console.log(await value('location.origin + location.pathname'));
	console.log(await value('document.title'));
	console.log(await value('document.body.innerText'));
	await call('Browser.close').catch(() => {});
}

visit().catch((error) => {
	console.error(`browser: ${error.message}`);
	chromium.kill();
	process.exitCode = 1;
});
