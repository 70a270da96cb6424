// A strict provider of logins on a free port of 127.0.0.1, and an API that takes its tokens. Prints
// {"port": …} once it listens, and ends when its standard input does.
//
// The provider is oidc-provider: it wants PKCE, rotates refresh tokens, and takes a grant back whose
// used refresh token comes again. Who logs in agrees to everything, or to nothing after POST /deny.
// What tests steer it by is below /test.

import http from 'node:http';

import {importSPKI, jwtVerify} from 'jose';
import Provider from 'oidc-provider';

const kGrants = [
  'authorization_code', 'refresh_token', 'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code'
];

const server = http.createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const {port} = server.address();
const issuer = `http://127.0.0.1:${port}`;

let denies = false;
let release = null;        // lets answers go that are held
let held = Promise.resolve();
let publicKey = null;
const counts = {};

const client = (id, more) => ({
  client_id: id,
  client_secret: 'client+secret/swordfish=',
  redirect_uris: ['http://127.0.0.1/callback', 'https://notes.invalid/callback'],
  application_type: 'native',
  grant_types: kGrants,
  response_types: ['code'],
  ...more
});

const provider = new Provider(issuer, {
  clients: [client('basic'), client('post', {token_endpoint_auth_method: 'client_secret_post'})],
  cookies: {keys: ['a key of the tests']},
  pkce: {required: () => true},
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  scopes: ['openid', 'offline_access', 'notes'],
  ttl: {AccessToken: 3600, ClientCredentials: 3600, DeviceCode: 600, RefreshToken: 86400 * 30},
  features: {
    clientCredentials: {enabled: true},
    deviceFlow: {enabled: true},
    devInteractions: {enabled: false}
  },
  findAccount: (_, sub) => ({accountId: sub, claims: () => ({sub})}),
  interactions: {url: (_, interaction) => `/interaction/${interaction.uid}`}
});

async function agree(ctx) {
  const {prompt, params, session, grantId} = await provider.interactionDetails(ctx.req, ctx.res);
  if (denies) {
    const refusal = {error: 'access_denied', error_description: 'nobody agreed'};
    return provider.interactionFinished(ctx.req, ctx.res, refusal);
  }
  if (prompt.name === 'login') {
    const result = {login: {accountId: 'octocat'}};
    return provider.interactionFinished(ctx.req, ctx.res, result);
  }
  const grant = grantId ?
      await provider.Grant.find(grantId) :
      new provider.Grant({accountId: session.accountId, clientId: params.client_id});
  grant.addOIDCScope('openid offline_access notes');
  const result = {consent: {grantId: await grant.save()}};
  return provider.interactionFinished(
      ctx.req, ctx.res, result, {mergeWithLastSubmission: true});
}

/// A refresh token as a login would have brought it.
async function mint() {
  const owner = await provider.Client.find('basic');
  const grant = new provider.Grant({accountId: 'octocat', clientId: 'basic'});
  grant.addOIDCScope('openid offline_access notes');
  const token = new provider.RefreshToken({
    accountId: 'octocat',
    client: owner,
    grantId: await grant.save(),
    scope: 'openid offline_access notes',
    gty: 'authorization_code',
    rotations: 0
  });
  return {refresh_token: await token.save()};
}

async function body(ctx) {
  let text = '';
  for await (const part of ctx.req) text += part;
  return text;
}

/// What RFC 7523 wants of an assertion, as the package `jose` sees it.
async function assertionToken(ctx) {
  const assertion = new URLSearchParams(await body(ctx)).get('assertion');
  try {
    const key = await importSPKI(publicKey.pem, publicKey.algorithm);
    const {payload, protectedHeader} = await jwtVerify(assertion, key, {
      algorithms: [publicKey.algorithm],
      audience: `${issuer}/jwt-token`,
      issuer: 'robot@notes.example',
      requiredClaims: ['exp', 'iat', 'jti']
    });
    return {access_token: `for ${payload.iss} by ${protectedHeader.kid}`, expires_in: 3600};
  } catch (error) {
    ctx.status = 400;
    return {error: 'invalid_grant', error_description: error.message};
  }
}

const routes = {
  'GET /test/counts': () => counts,
  'POST /test/deny': () => (denies = true, {}),
  'POST /test/hold': () => (held = new Promise((resolve) => (release = resolve)), {}),
  'POST /test/release': () => (release(), {}),
  'POST /test/mint': mint,
  'POST /test/key': async (ctx) => (publicKey = JSON.parse(await body(ctx)), {}),
  'POST /jwt-token': assertionToken,
  'GET /api/me': async (ctx) => {
    const value = (ctx.get('authorization').match(/^Bearer (.+)$/) ?? [])[1];
    const token = value &&
        (await provider.AccessToken.find(value) ?? await provider.ClientCredentials.find(value));
    if (!token) ctx.status = 401;
    return token ? {account: token.accountId ?? token.clientId} : {error: 'who are you?'};
  }
};

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/interaction/')) return agree(ctx);
  const route = routes[`${ctx.method} ${ctx.path}`];
  if (route) {
    ctx.status = 200;
    ctx.body = await route(ctx);
    return undefined;
  }
  await next();
  if (ctx.path === '/token') {
    const grant = ctx.oidc.params?.grant_type ?? 'none';
    counts[grant] = (counts[grant] ?? 0) + 1;
    await held;
  }
  return undefined;
});

server.on('request', provider.callback());
console.log(JSON.stringify({port}));
process.stdin.on('end', () => process.exit(0)).resume();
