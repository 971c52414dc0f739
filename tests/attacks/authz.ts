import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectThat } from '../drills/claims.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import { NotApplicable, type AttackCategory } from './attack.ts';
import { requestOf, tell } from './raw.ts';
import type { Target, Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

const TEXT = { mapping: 'text_layout_v1' };
const UNDER_A_JOB = ['', '/timeline', '/why', '/download', '/result', '/source', '/provenance', '/pages/1'];

async function jobOf(visitor: Visitor): Promise<string> {
  const bytes = await pdfOf([`of one owner ${randomUUID()}`]);
  const { jobId, text } = await visitor.upload([{ name: 'mine.pdf', bytes }], TEXT);
  expectThat(jobId !== null, 'the upload is taken', text);
  await visitor.finalJob(jobId!);
  return jobId!;
}

async function strangeIds(targets: Targets): Promise<string> {
  const target = await targets.any();
  const ids = [
    '..%2f..%2fetc%2fpasswd',
    'a%00b',
    '%E0%A4%A',
    'a'.repeat(10_000),
    '1%20OR%201=1',
    '-1',
    '*',
    randomUUID().toUpperCase(),
    '__proto__',
    "'",
    '%ff%fe',
    `${randomUUID()}%0d%0aX-Evil:%201`,
  ];
  const seen = new Set<string>();
  for (const id of ids)
    for (const path of UNDER_A_JOB) {
      const { status, code, head } = await tell(target, requestOf(`GET /api/jobs/${id}${path}`));
      const isRefused = (status === 400 || status === 404) && code !== null && !/^x-evil/im.test(head);
      expectThat(isRefused, `${id.slice(0, 40)}${path} is 400 or 404 as JSON`, [status, code]);
      seen.add(`${status} ${code}`);
    }
  return `${ids.length} ids at ${UNDER_A_JOB.length} addresses each: ${[...seen].join(', ')}`;
}

async function foreignJob(targets: Targets): Promise<string> {
  const target = await targets.any();
  const owner = await newVisitor(target);
  const stranger = await newVisitor(target);
  const jobId = await jobOf(owner);
  const manyRanges = `bytes=${Array.from({ length: 1_000 }, (_, n) => `${n}-${n}`).join(',')}`;
  const tricks = [{}, { Range: 'bytes=0-0' }, { Range: manyRanges }, { 'If-None-Match': '*' }];
  let asked = 0;
  for (const path of UNDER_A_JOB)
    for (const method of ['GET', 'HEAD'])
      for (const headers of tricks) {
        const theirs = await stranger.ask(`/api/jobs/${jobId}${path}`, { method, headers });
        const unknown = await stranger.ask(`/api/jobs/${randomUUID()}${path}`, { method, headers });
        const withoutId = (text: string): string => text.replace(/"requestId":"[^"]*"/, '');
        const isSame = withoutId(theirs.text) === withoutId(unknown.text);
        expectThat(
          theirs.status === 404 && isSame,
          `${method} ${path} is 404 as for an unknown job`,
          theirs.text,
        );
        asked += 1;
      }
  for (const [method, path] of [
    ['POST', '/retry'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const) {
    const { status } = await stranger.ask(`/api/jobs/${jobId}${path}`, { method });
    expectThat(status === 404, `${method} ${path} is 404`, status);
    asked += 1;
  }
  const own = await owner.ask(`/api/jobs/${jobId}/download`, { headers: { Range: manyRanges } });
  const whole = await owner.ask(`/api/jobs/${jobId}/download`);
  expectThat(own.status === 200 && own.text === whole.text, 'a thousand ranges get the whole', own.status);
  return `${asked} requests for another's job: 404 as for an unknown one; 1,000 ranges of one's own: 200, the whole once`;
}

async function roles(targets: Targets): Promise<string> {
  const target = await targets.own({ OPS_ACCESS: 'off' });
  const visitor = await newVisitor(target);
  const addresses = [
    'GET /api/dashboard',
    'GET /api/ops/jobs',
    'GET /api/ops/failures',
    'GET /api/ops/quarantine',
    'POST /api/ops/jobs/retry',
    'POST /api/ops/jobs/discard',
    `GET /api/ops/jobs/${randomUUID()}/source`,
    `POST /api/ops/jobs/${randomUUID()}/discard`,
  ];
  for (const address of addresses) {
    const [method = '', path = ''] = address.split(' ');
    const { status, code } = await visitor.ask(path, { method });
    expectThat(status === 403 && code === 'FORBIDDEN', `${address} is 403`, [status, code]);
  }
  const log = await readFile(join(target.installation.dataDir, 'logs', 'services.log'), 'utf8');
  const noted = log.split('\n').filter((line) => line.includes('access refused'));
  expectThat(noted.length > 0, 'refused access is in the log');
  const seen = `with OPS_ACCESS=off ${addresses.length} addresses of operators are 403 and in the log`;
  throw new NotApplicable('roles (viewer, operator, admin) and API keys with scopes', seen);
}

async function massAssignment(targets: Targets): Promise<string> {
  const target = await targets.any();
  const visitor = await newVisitor(target);
  const jobId = await jobOf(visitor);
  const extra = { ownerId: 'x', owner: 'x', role: 'admin', status: 'ready', state: 'ready' };
  const headers = { 'Content-Type': 'application/json' };
  for (const [path, body] of [
    [`/api/jobs/${jobId}/retry`, extra],
    [`/api/jobs/${jobId}/cancel`, { state: 'ready' }],
    ['/api/jobs/retry', { jobIds: [jobId], ...extra }],
    ['/api/jobs/cancel', { jobIds: [jobId], role: 'admin' }],
  ] as const) {
    const { status, code } = await visitor.ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
    expectThat(status === 400 && code === 'BAD_REQUEST', `${path} with more keys is 400`, [status, code]);
  }
  await fieldsRefused(target, Object.keys(extra));
  return 'unknown keys in JSON bodies and in the form: 400 BAD_REQUEST';
}

async function fieldsRefused(target: Target, names: readonly string[]): Promise<void> {
  const visitor = await newVisitor(target);
  for (const name of names) {
    const files = [{ name: 'a.pdf', bytes: await pdfOf(['a']) }];
    const { status, text } = await visitor.upload(files, { [name]: 'ready' });
    expectThat(status === 400, `a form with the field ${name} is 400`, text);
  }
  expectThat((await visitor.jobs()).length === 0, 'there is no job');
}

export const authz: AttackCategory = {
  name: 'authz',
  attacks: [
    { id: 'A-ID02', title: 'ids that are no ids', cheap: true, run: strangeIds },
    {
      id: 'A-ID03',
      title: 'another owner’s job by HEAD, ranges and conditions',
      cheap: true,
      run: foreignJob,
    },
    { id: 'A-ID05', title: 'what a role may not do', run: roles },
    { id: 'A-ID06', title: 'owner, role and state in a body', cheap: true, run: massAssignment },
  ],
};
