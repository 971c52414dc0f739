import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import type { AttackCategory } from './attack.ts';
import { requestOf, tell } from './raw.ts';
import type { OwnTarget, Target, Targets } from './targets.ts';
import { ask, newVisitor } from './visitor.ts';

/** A visitor keeps some connections open. This many requests at a time keep them busy. */
const AT_ONCE = 20;
const FLOOD = 10_000;
const GROWTH_BYTES_MAX = 64 * 1024;

/** The session that an answer gave, or null. */
function givenSession(headers: Headers): string | null {
  const line = headers.getSetCookie().find((each) => /^(__Host-)?docket=/.test(each));
  return line?.split(';')[0]?.split('=').slice(1).join('=') ?? null;
}

/** @throws DrillFailed when the cookie counts as a session */
async function expectFresh(target: Target, cookie: string, what: string): Promise<string> {
  const answer = await ask(target, '/api/jobs', { headers: { cookie } });
  const given = givenSession(answer.headers);
  const jobs = (JSON.parse(answer.text) as { jobs: unknown[] }).jobs;
  expectThat(
    answer.status === 200 && given !== null && !cookie.includes(given) && jobs.length === 0,
    `${what} gets a fresh session`,
    [answer.status, given],
  );
  return given!;
}

async function fixation(targets: Targets): Promise<string> {
  const target = await targets.any();
  for (const cookie of [
    'docket=known',
    '__Host-docket.sid=known',
    '__Host-docket=known',
    `docket=v1.${'A'.repeat(22)}.zzzzzz.${'A'.repeat(43)}`,
    'docket=',
  ])
    await expectFresh(target, cookie, cookie);
  return 'five made-up sessions: ignored, a fresh one each; missing: sign-in, at which an id would change';
}

async function tampering(targets: Targets): Promise<string> {
  const target = await targets.any();
  const victim = await newVisitor(target);
  await victim.upload([{ name: 'secret.pdf', bytes: somePdf() }]);
  const cookie = victim.cookie();
  const value = cookie.slice(cookie.indexOf('=') + 1);
  const [version, owner, issued, mac = ''] = value.split('.');
  const flipped = `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
  const other = (await newVisitor(target)).cookie().split('=').slice(1).join('=');
  const [, otherOwner, , otherMac] = other.split('.');
  for (const [what, forged] of Object.entries({
    'a flipped signature': [version, owner, issued, flipped].join('.'),
    'another time': [version, owner, 'zzzzzz', mac].join('.'),
    'another owner under one’s own signature': [version, owner, issued, otherMac].join('.'),
    'one’s own owner under another signature': [version, otherOwner, issued, mac].join('.'),
    'a cut signature': value.slice(0, -1),
    'an older form': [owner, issued, mac].join('.'),
  }))
    await expectFresh(target, `docket=${forged}`, what);
  const many = Array.from({ length: 200 }, (_, n) => `c${n}=x`).join('; ');
  await expectFresh(target, many, '200 other cookies');
  await expectFresh(target, `docket=${value}; docket=${other}`, 'two different sessions');
  const huge = await tell(target, requestOf('GET /api/jobs', { Cookie: `docket=${'x'.repeat(100_000)}` }));
  expectThat(
    huge.status === 431 && huge.code === 'HEADERS_TOO_LARGE',
    'a cookie of 100 KB is 431',
    huge.head,
  );
  return 'six forgeries, 200 cookies, two sessions at once: a fresh session each; 100 KB: 431';
}

async function cookieFlood(targets: Targets): Promise<string> {
  const target = await targets.own();
  const before = await stateBytes(target);
  const sessions = new Set<string>();
  const startedAt = performance.now();
  for (let sent = 0; sent < FLOOD; sent += AT_ONCE) {
    const paths = ['/', '/api/jobs', '/api/me', '/api/limits'];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, n) => {
        const given = givenSession((await ask(target, paths[n % paths.length]!)).headers);
        if (given !== null) sessions.add(given);
      }),
    );
  }
  const flooded = await stateBytes(target);
  await idleRequests(target);
  const grown = flooded - before;
  const grownIdle = (await stateBytes(target)) - flooded;
  expectThat(grownIdle < GROWTH_BYTES_MAX, 'nor by keys and refused files', grownIdle);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  expectThat(sessions.size === FLOOD, 'each got a session of its own', sessions.size);
  expectThat(grown < GROWTH_BYTES_MAX, 'the log and the blobs do not grow by it', grown);
  return `${FLOOD} requests without a cookie in ${seconds} s: the log and the blobs grew by ${grown} bytes; by 500 idempotency keys and 4,000 refused files more ${grownIdle}`;
}

/** Requests that change nothing and that would cost most if each were kept: keys of commands, refused files with long names. */
async function idleRequests(target: OwnTarget): Promise<void> {
  for (let n = 0; n < 500; n += 1) {
    const headers = { 'Idempotency-Key': `attack-${n}-${'k'.repeat(200)}` };
    const path = `/api/jobs/${randomUUID()}/retry`;
    const { status } = await ask(target, path, { method: 'POST', headers });
    expectThat(status === 404, 'a command on no job is 404', status);
  }
  const visitor = await newVisitor(target);
  const files = Array.from({ length: 40 }, (_, n) => ({
    name: `${n}-${'\u20ac'.repeat(190)}.pdf`,
    bytes: Buffer.from('no PDF'),
  }));
  for (let n = 0; n < 100; n += 1) {
    const { status } = await visitor.upload(files);
    expectThat(status === 400, 'a form of 40 texts is 400', status);
  }
}

/** Bytes of the log and of the blobs; sessions could be kept in no other place that lasts but the read tables. */
async function stateBytes({ installation }: OwnTarget): Promise<number> {
  let bytes = 0;
  for (const folder of ['event-store', 'blobs']) {
    const entries = await readdir(join(installation.dataDir, folder), {
      recursive: true,
      withFileTypes: true,
    });
    for (const entry of entries)
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

export const session: AttackCategory = {
  name: 'session',
  attacks: [
    { id: 'A-SE01', title: 'a session that the attacker chose', cheap: true, run: fixation },
    { id: 'A-SE02', title: 'forged, huge, many and doubled cookies', cheap: true, run: tampering },
    { id: 'A-SE04', title: 'a flood of requests without a cookie', run: cookieFlood },
  ],
};
