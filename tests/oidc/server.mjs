// SPDX-License-Identifier: Apache-2.0
// oidc-provider, with a tenant below each of two paths as the Microsoft identity platform has them. What is different
// there and is put right here: paths, offline_access without prompt=consent, prompt=select_account. Everything else
// (grants, PKCE, assertions, rotation, reuse detection, the pages for a person) is its own.
//
//	node server.mjs MODULES CERT KEY PORT-FILE APP-CERT
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [modules, certFile, keyFile, portFile, appCertFile] = process.argv.slice(2);
const { default: Provider } = await import(
  pathToFileURL(path.join(modules, 'node_modules/oidc-provider/lib/index.js')));

const GRAPH = 'https://graph.microsoft.com/';
const PERMISSIONS = ['EntraBackup.Read.All', 'EntraBackup.ReadWrite.Preview'];
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const appKey = {
  ...new X509Certificate(fs.readFileSync(appCertFile)).publicKey.export({ format: 'jwk' }),
  use: 'sig', alg: 'PS256',
};
const TENANTS = {
  '11111111-1111-4111-8111-111111111111': {
    client: { client_id: '22222222-2222-4222-8222-222222222222', token_endpoint_auth_method: 'none' },
    domain: 'contoso.example',
    oid: 'aaaaaaaa-1111-4111-8111-111111111111',
  },
  '33333333-3333-4333-8333-333333333333': {
    client: {
      client_id: '44444444-4444-4444-8444-444444444444',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks: { keys: [appKey] },
    },
    domain: 'fabrikam.example',
    oid: 'bbbbbbbb-3333-4333-8333-333333333333',
  },
};

function configuration(tid, tenant) {
  return {
    clients: [{
      ...tenant.client,
      application_type: 'native',
      redirect_uris: ['http://localhost'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', DEVICE],
    }],
    scopes: ['openid', 'offline_access', ...PERMISSIONS, ...PERMISSIONS.map((name) => GRAPH + name)],
    claims: { openid: ['sub', 'tid', 'oid', 'preferred_username', 'name'] },
    conformIdTokenClaims: false,
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, tid, oid: tenant.oid, preferred_username: `${id}@${tenant.domain}`, name: id,
      }),
    }),
    enabledJWA: { clientAuthSigningAlgValues: ['PS256'] },
    pkce: { methods: ['S256'], required: () => true },
    rotateRefreshToken: true,
    ttl: { AccessToken: 4000, DeviceCode: 600, RefreshToken: 90 * 86400 },
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
    cookies: { keys: ['only for a test'] },
    routes: {
      authorization: '/oauth2/v2.0/authorize',
      token: '/oauth2/v2.0/token',
      device_authorization: '/oauth2/v2.0/devicecode',
      code_verification: '/device',
    },
  };
}

const seen = []; // token requests, for the test: tenant, grant, what was sent, how it ended
const providers = {};

async function handleGraph(req, res) {
  const token = (req.headers.authorization ?? '').replace(/^Bearer /, '');
  const found = await Promise.all(Object.values(providers).map(({ provider }) => provider.AccessToken.find(token)));
  const good = found.some((t) => t && t.scopes.size > 0);
  seen.push({ graph: req.url, status: good ? 200 : 401 });
  res.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
  res.end(JSON.stringify(good ? { value: [] } : { error: { code: 'InvalidAuthenticationToken', message: 'No.' } }));
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function handle(req, res) {
  if (req.url === '/test/seen') {
    res.end(`${seen.map((row) => JSON.stringify(row)).join('\n')}\n`);
    return;
  }
  if (req.url.startsWith('/v1.0/')) {
    await handleGraph(req, res);
    return;
  }
  const [, tid, rest] = /^\/([^/]+)(\/.*)$/.exec(req.url) ?? [];
  if (!providers[tid]) {
    res.writeHead(404).end();
    return;
  }
  req.url = rest;
  if (rest.startsWith('/oauth2/v2.0/authorize?')) {
    const url = new URL(rest, 'https://localhost');
    url.searchParams.set('prompt', 'consent');
    req.url = url.pathname + url.search;
  }
  req.originalUrl = `/${tid}${req.url}`;
  if (req.method === 'POST' && rest.startsWith('/oauth2/')) {
    req.body = await bodyOf(req);
    if (rest.endsWith('/devicecode')) req.body += '&prompt=consent';
    if (rest.endsWith('/token')) {
      const form = new URLSearchParams(req.body);
      const row = { tenant: tid, grant: form.get('grant_type'), refresh_token: form.get('refresh_token'),
        verifier: form.has('code_verifier'), assertion: form.has('client_assertion') };
      seen.push(row);
      res.on('finish', () => { row.status = res.statusCode; });
    }
  }
  await providers[tid].callback(req, res);
}

const server = https.createServer({ cert: fs.readFileSync(certFile), key: fs.readFileSync(keyFile) }, (req, res) => {
  handle(req, res).catch((error) => {
    console.error(error);
    res.destroy();
  });
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  for (const [tid, tenant] of Object.entries(TENANTS)) {
    const provider = new Provider(`https://localhost:${port}/${tid}/v2.0`, configuration(tid, tenant));
    for (const name of ['server_error', 'grant.error', 'authorization.error', 'device_authorization.error', 'userinfo.error']) {
      provider.on(name, (ctx, error) => console.error(name, error.message, error.error_detail ?? error.error_description ?? ''));
    }
    providers[tid] = { provider, callback: provider.callback() };
  }
  fs.writeFileSync(`${portFile}.new`, `${port}\n`);
  fs.renameSync(`${portFile}.new`, portFile);
});
process.on('SIGTERM', () => process.exit(0));
