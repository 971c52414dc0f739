import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expectThat } from '../drills/claims.ts';
import { NotApplicable, type AttackCategory } from './attack.ts';
import { startCanary } from './canary.ts';
import { defaultPasswords } from './default-passwords.ts';
import { trySocket } from './sockets.ts';
import type { Target, Targets } from './targets.ts';
import { ask } from './visitor.ts';

const BEARER = 'bearer tokens (JWT)';
const SIGN_IN = 'sign-in by OpenID Connect';
const PASSWORDS = 'accounts with passwords';
const CLAIMS = { sub: 'admin', role: 'admin', roles: ['admin'], aud: 'docket', exp: 4_000_000_000 };

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose signature is an HMAC with `key`, or none at all. */
function jwt(header: object, claims: object = CLAIMS, key: string | null = null): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  const signature = key === null ? '' : createHmac('sha256', key).update(text).digest('base64url');
  return `${text}.${signature}`;
}

/**
 * Sends tokens to an instance without operators.
 * @throws DrillFailed when a token gives access to anything
 */
async function expectIgnored(target: Target, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token}` };
    const me = await ask(target, '/api/me', { headers });
    expectThat(me.text === '{"operator":false}', 'a token makes no operator', me.text);
    const everything = await ask(target, '/api/ops/jobs', { headers });
    expectThat(everything.status === 403, 'a token does not open the console', everything.status);
    const jobs = await ask(target, '/api/jobs', { headers });
    expectThat(jobs.text.includes('"jobs":[]'), 'a token shows nobody’s jobs', jobs.text);
  }
}

async function forgedAlgorithms(targets: Targets): Promise<string> {
  const target = await targets.own({ OPS_ACCESS: 'off' });
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const algorithms = ['none', 'None', 'nOnE'].map((alg) => jwt({ alg, typ: 'JWT' }));
  await expectIgnored(target, [...algorithms, jwt({ alg: 'HS256', typ: 'JWT' }, CLAIMS, pem)]);
  throw new NotApplicable(BEARER, 'unsigned and confused tokens open nothing');
}

async function strangeHeaders(targets: Targets): Promise<string> {
  const target = await targets.own({ OPS_ACCESS: 'off' });
  const canary = await startCanary();
  try {
    const headers = [
      { alg: 'HS256', kid: '../../dev/null' },
      { alg: 'HS256', kid: "' OR 1=1" },
      { alg: 'RS256', jku: `${canary.url}/jwks` },
      { alg: 'RS256', x5u: `${canary.url}/cert` },
      { alg: 'RS256', jwk: { kty: 'oct', k: 'AAAA' } },
      { alg: 'HS256', crit: ['exp'] },
    ];
    await expectIgnored(
      target,
      headers.map((header) => jwt(header, CLAIMS, '')),
    );
    expectThat(canary.asked().length === 0, 'no key is fetched from the attacker', canary.asked());
  } finally {
    await canary.stop();
  }
  throw new NotApplicable(
    BEARER,
    'kid, jku, x5u, jwk and crit of the attacker open nothing, and nothing is fetched',
  );
}

async function wrongKind(targets: Targets): Promise<string> {
  const target = await targets.own({ OPS_ACCESS: 'off' });
  const kinds = [
    { typ: 'refresh' },
    { typ: 'id_token' },
    { aud: 'another' },
    { iss: 'https://evil.example' },
  ];
  await expectIgnored(
    target,
    kinds.map((kind) => jwt({ alg: 'HS256', typ: 'JWT' }, { ...CLAIMS, ...kind }, 'secret')),
  );
  throw new NotApplicable(BEARER, 'tokens of other kinds, audiences and issuers open nothing');
}

async function tokenInAddress(targets: Targets): Promise<string> {
  const target = await targets.any();
  const token = jwt({ alg: 'none' });
  for (const name of ['access_token', 'token', 'ticket', 'session', 'docket']) {
    const { status, code } = await ask(target, `/api/jobs?${name}=${token}`);
    expectThat(status === 400 && code === 'BAD_REQUEST', `?${name}= is 400`, [status, code]);
    const origin = `http://127.0.0.1:${target.port}`;
    const socket = await trySocket(target, { origin }, { path: `/api/live?${name}=${token}` });
    expectThat(socket.status === 401, `a socket with ?${name}= and no cookie is 401`, socket.status);
  }
  return 'five names in the query: 400; in the address of a socket: 401; sockets go by cookie and Origin alone';
}

/** @throws DrillFailed when one of the addresses of a sign-in exists or leads away */
async function expectNoSignIn(target: Target): Promise<void> {
  const query = 'returnTo=//evil.example&state=x&nonce=x&iss=https://evil.example&code=x&code=x';
  for (const path of [
    '/login',
    '/api/login',
    '/auth/login',
    '/api/auth/login',
    '/auth/callback',
    '/api/auth/callback',
  ])
    for (const method of ['GET', 'POST']) {
      const { status, headers } = await ask(target, `${path}?${query}`, { method });
      const leadsAway = headers.get('location');
      expectThat(status === 404 && leadsAway === null, `${method} ${path} is 404`, [status, leadsAway]);
    }
}

async function signIn(targets: Targets): Promise<string> {
  await expectNoSignIn(await targets.any());
  throw new NotApplicable(SIGN_IN, 'its addresses are 404, nothing redirects');
}

async function unverifiedEmail(targets: Targets): Promise<string> {
  await expectNoSignIn(await targets.any());
  throw new NotApplicable(`${SIGN_IN}, accounts by e-mail`);
}

async function passwordGuesses(targets: Targets): Promise<string> {
  await expectNoSignIn(await targets.any());
  throw new NotApplicable(PASSWORDS);
}

async function hashFlood(targets: Targets): Promise<string> {
  const target = await targets.any();
  const body = JSON.stringify({ user: 'admin', password: 'x'.repeat(10_000) });
  const headers = { 'Content-Type': 'application/json' };
  const post = (): ReturnType<typeof ask> =>
    ask(target, '/api/auth/login', { method: 'POST', body, headers });
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 200 }, post));
  const isNone = answers.every(({ status }) => status === 404);
  expectThat(isNone, 'there is nothing to log in at', answers[0]);
  const ms = (performance.now() - startedAt).toFixed(0);
  throw new NotApplicable(PASSWORDS, `200 parallel tries: 404, all within ${ms} ms`);
}

export const jwts: AttackCategory = {
  name: 'jwt',
  attacks: [
    { id: 'A-JW01', title: 'tokens without a signature, or signed by a public key', run: forgedAlgorithms },
    { id: 'A-JW02', title: 'tokens that name their own key', run: strangeHeaders },
    { id: 'A-JW04', title: 'tokens of another kind, issuer or audience', run: wrongKind },
    { id: 'A-JW05', title: 'tokens in addresses', cheap: true, run: tokenInAddress },
  ],
};

export const oidc: AttackCategory = {
  name: 'oidc',
  attacks: [
    {
      id: 'A-OI01',
      title: 'state, nonce, issuer, code and returnTo of the attacker',
      cheap: true,
      run: signIn,
    },
    { id: 'A-OI02', title: 'an unverified e-mail of somebody else', cheap: true, run: unverifiedEmail },
  ],
};

export const auth: AttackCategory = {
  name: 'auth',
  attacks: [
    { id: 'A-BF02', title: 'which users there are; long passwords', cheap: true, run: passwordGuesses },
    { id: 'A-BF03', title: '200 log-ins at the same time', cheap: true, run: hashFlood },
    { id: 'A-BF05', title: 'passwords that everybody knows', run: defaultPasswords },
  ],
};
