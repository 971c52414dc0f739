import { randomUUID } from 'node:crypto';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import type { AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

async function expectBadQuery(visitor: Visitor, query: string): Promise<void> {
  const { status, code, text } = await visitor.ask(`/api/jobs?${query}`);
  expectThat(status === 400 && code === 'BAD_REQUEST', `?${query.slice(0, 60)} is 400`, text.slice(0, 200));
}

async function sqlInQueries(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  for (let n = 0; n < 3; n += 1) await visitor.upload([{ name: `${n}.pdf`, bytes: somePdf() }]);
  const queries = [
    'sort=created_at;drop%20table%20jobs',
    'sort=created,(select%201)',
    "state='%20OR%20'1'='1",
    'status=ready',
    'limit=-1',
    'limit=0',
    'limit=201',
    'limit=1e9',
    'limit=10;--',
    'offset=1',
    "mapping='--",
    'errorCode=x',
    'atLeast=-1',
    'atLeast=99999999999999999999',
    'asOf=now()',
    'search=',
    'search=%00',
    'state=ready&state=failed',
    'after=x',
    `after=${'A'.repeat(3_000)}`,
  ];
  for (const query of queries) await expectBadQuery(visitor, query);
  for (const search of ["'; drop table jobs; --", '%', '_', '\\', "' OR '1'='1"]) {
    const { status, text } = await visitor.ask(`/api/jobs?${new URLSearchParams({ search }).toString()}`);
    const found = (JSON.parse(text) as { jobs: unknown[] }).jobs?.length;
    expectThat(status === 200 && found === 0, `a search for ${search} finds what is named so: nothing`, text);
  }
  await cursorsHold(visitor);
  expectThat((await visitor.jobs()).length === 3, 'the table is still there');
  return `${queries.length} queries: 400; searches find by letters alone; changed, foreign and re-bound cursors: 400`;
}

async function cursorsHold(visitor: Visitor): Promise<void> {
  let next = '';
  for (let tries = 0; next === '' && tries < 100; tries += 1) {
    const { text } = await visitor.ask('/api/jobs?limit=1');
    next = (JSON.parse(text) as { next: string | null }).next ?? '';
    if (next === '') await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expectThat(next !== '', 'there is a next page');
  const changed = `${next.slice(0, 5)}${next[5] === 'A' ? 'B' : 'A'}${next.slice(6)}`;
  for (const query of [`after=${changed}`, `sort=filename&after=${next}`, `state=failed&after=${next}`])
    await expectBadQuery(visitor, `limit=1&${query}`);
}

async function prototypes(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const jobIds = `"jobIds":["${randomUUID()}"]`;
  for (const body of [
    '{"__proto__":{"isAdmin":true}}',
    `{${jobIds},"__proto__":{"isAdmin":true}}`,
    `{${jobIds},"constructor":{"prototype":{"isAdmin":true}}}`,
    `{${jobIds},"toString":1}`,
  ])
    await expectBadBody(visitor, body, [400]);
  for (const name of ['__proto__', 'constructor', 'prototype', '__proto__[isAdmin]']) {
    const { status, text } = await visitor.upload([{ name: 'a.pdf', bytes: somePdf() }], { [name]: 'true' });
    expectThat(status === 400, `a form with the field ${name} is 400`, text);
  }
  for (const query of ['a[__proto__][x]=1', '__proto__=1', '__proto__[isAdmin]=true', 'constructor=1'])
    await expectBadQuery(visitor, query);
  const me = await visitor.ask('/api/me');
  expectThat(!me.text.includes('isAdmin'), 'nothing has become an admin', me.text);
  return 'in JSON, form fields and query: 400';
}

async function expectBadBody(
  visitor: Visitor,
  body: string | Uint8Array<ArrayBuffer>,
  statuses: readonly number[],
): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await visitor.ask('/api/jobs/retry', { method: 'POST', body, headers });
  const shown = typeof body === 'string' ? body.slice(0, 60) : `${body.length} bytes`;
  const isRefused = statuses.includes(answer.status) && answer.code !== null;
  expectThat(isRefused, `the body ${shown} is ${statuses.join(' or ')} as JSON`, answer.text.slice(0, 200));
}

async function strangeJson(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const id = randomUUID();
  const good = `{"jobIds":["${id}"]}`;
  const bodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
    `${'['.repeat(8_000)}${']'.repeat(8_000)}`,
    `{"jobIds":["${id}"],"jobIds":["${randomUUID()}"]}`,
    '{"jobIds":[NaN]}',
    'NaN',
    '',
    `\u{feff}${good}`,
    new Uint8Array(Buffer.from(good, 'utf16le')),
    new Uint8Array(Buffer.from([0x7b, 0xff, 0x7d])),
    `${good}x`,
    '"jobIds"',
    'null',
  ];
  for (const body of bodies) await expectBadBody(visitor, body, [400]);
  await expectBadBody(visitor, `{"jobIds":["${id}"]${' '.repeat(32 * 1024)}}`, [413]);
  return `${bodies.length} bodies (8,000 deep, doubled keys, NaN, BOM, UTF-16 and others): 400; past 32 KiB: 413`;
}

export const injection: AttackCategory = {
  name: 'injection',
  attacks: [
    { id: 'A-SQ01', title: 'SQL in queries, changed cursors', cheap: true, run: sqlInQueries },
    { id: 'A-PP01', title: 'names of prototypes', cheap: true, run: prototypes },
    {
      id: 'A-PP02',
      title: 'JSON that is deep, long, doubled or of another encoding',
      cheap: true,
      run: strangeJson,
    },
  ],
};
