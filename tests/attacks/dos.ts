import { randomUUID } from 'node:crypto';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import type { AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';

const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

async function largeQuestions(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const job = await visitor.upload([{ name: 'a.pdf', bytes: somePdf() }]);
  const refused = [
    '/api/jobs?offset=1000000',
    '/api/jobs?page=1000',
    '/api/jobs?limit=201',
    '/api/jobs?limit=1000000',
    `/api/jobs/${job.jobId}/timeline?limit=100000`,
    `/api/jobs/${job.jobId}/timeline?fromRevision=-1`,
    `/api/jobs/download?ids=${ids(300).join(',')}&state=ready`,
    `/api/jobs/${job.jobId}/pages/1?scale=1000`,
  ];
  for (const path of refused) {
    const { status, code } = await visitor.ask(path);
    expectThat(status === 400 && code === 'BAD_REQUEST', `${path.slice(0, 80)} is 400`, [status, code]);
  }
  const long = await visitor.ask(`/api/jobs/download?ids=${ids(1_001).join(',')}`);
  expectThat([400, 431].includes(long.status), 'more results than an archive takes are refused', long.status);
  const headers = { 'Content-Type': 'application/json' };
  const batch = await visitor.ask('/api/jobs/retry', {
    method: 'POST',
    headers,
    body: JSON.stringify({ jobIds: ids(501) }),
  });
  expectThat(batch.status === 400, 'a batch of 501 jobs is 400', batch.text);
  return `${refused.length + 2} questions without a bound: refused; lists go by key, 200 a page, 1,000 results an archive, 500 jobs a batch`;
}

async function fullDisk(targets: Targets): Promise<string> {
  const target = await targets.own({ DISK_WARN_PERCENT: '1', DISK_REFUSE_PERCENT: '1' });
  const visitor = await newVisitor(target);
  const refused = await visitor.upload([{ name: 'a.pdf', bytes: await pdfOf(['no room']) }]);
  expectThat(refused.status === 507 && refused.code === 'STORAGE_FULL', 'an upload is 507', refused.text);
  for (const path of ['/', '/api/jobs', '/api/mappings']) {
    const { status } = await visitor.ask(path);
    expectThat(status === 200, `${path} goes on`, status);
  }
  return 'past DISK_REFUSE_PERCENT uploads are 507 STORAGE_FULL and reading goes on; a disk that is really full is drill D65';
}

export const dos: AttackCategory = {
  name: 'dos',
  attacks: [
    { id: 'A-DS01', title: 'questions that cost more the more there is', cheap: true, run: largeQuestions },
    { id: 'A-DS02', title: 'uploads until the disk is full', run: fullDisk },
  ],
};
