import { readFileSync } from 'node:fs';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { FORM_END, partHead } from '../rooms/command-api/raw-http.ts';
import { expectThat } from '../drills/claims.ts';
import { leavingNothing } from './leaving-nothing.ts';
import type { Target, Targets } from './targets.ts';
import { newVisitor, type Answer, type Visitor } from './visitor.ts';

const MiB = 1024 * 1024;
const FORM = 'multipart/form-data; boundary=b';

/** Forms of thousands of parts, fields and headers (A-UP09). */
export async function formBombs(targets: Targets): Promise<string> {
  const target = await targets.any();
  const visitor = await newVisitor(target);
  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const bombs: Record<string, string> = {
    '10,000 files': `${`${partHead()}x\r\n`.repeat(10_000)}--b--\r\n`,
    '10,000 fields': `${field('mapping', 'x').repeat(10_000)}--b--\r\n`,
    'a field name of 1 MB': `${field('n'.repeat(1_000_000), 'x')}--b--\r\n`,
    '5,000 headers in a part': `--b\r\n${'x-h: y\r\n'.repeat(5_000)}${partHead().slice(5)}x${FORM_END}`,
  };
  const all = async (): Promise<void> => {
    for (const [what, body] of Object.entries(bombs)) {
      const answer = await postForm(visitor, body);
      expectThat(
        answer.status === 400 && answer.code !== null,
        `${what} is 400 as JSON`,
        answer.text.slice(0, 200),
      );
    }
  };
  const repeat = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) await all();
  };
  // Under the first of them V8's young generation grows to its full size, once.
  await leavingNothing(target, () => repeat(20));
  const before = await residentBytes(target);
  await repeat(5);
  const after = await residentBytes(target);
  if (before === null || after === null) return `${Object.keys(bombs).join(', ')}: 400`;
  const grown = (after - before) / MiB;
  expectThat(grown < 20, 'five times all of them take less than 20 MiB', grown);
  return `${Object.keys(bombs).join(', ')}: 400; five times all: ${grown.toFixed(1)} MiB of memory`;
}

/** Resident memory of the services (Linux, proc(5), `status`), or null where it cannot be seen. */
async function residentBytes({ installation }: Target): Promise<number | null> {
  if (installation === null || process.platform !== 'linux') return null;
  const { services } = await installation.parts();
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${services}/status`, 'utf8'))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function postForm(visitor: Visitor, body: string, contentType = FORM): Promise<Answer> {
  return visitor.ask('/api/jobs', { method: 'POST', body, headers: { 'Content-Type': contentType } });
}

/** Forms whose boundaries are missing, long or nested (A-UP10). */
export async function brokenForms(targets: Targets): Promise<string> {
  const target = await targets.any();
  const visitor = await newVisitor(target);
  const pdf = somePdf().toString('latin1');
  const whole = `${partHead()}${pdf}${FORM_END}`;
  const nested = `--b\r\nContent-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n${pdf}\r\n--c--\r\n--b--\r\n`;
  const broken: readonly (readonly [what: string, body: string, contentType: string])[] = [
    ['no final boundary', `${partHead()}${pdf}`, FORM],
    ['no boundary', whole, 'multipart/form-data'],
    [
      'a boundary of 200 characters',
      whole.replaceAll('--b', `--${'b'.repeat(200)}`),
      `${FORM}${'b'.repeat(199)}`,
    ],
    ['a form within the form', nested, FORM],
  ];
  await leavingNothing(target, async () => {
    for (const [what, body, contentType] of broken) {
      const { status, code, text } = await postForm(visitor, body, contentType);
      expectThat(status === 400 && code === 'BAD_REQUEST', `${what} is 400`, text.slice(0, 200));
    }
  });
  return `${broken.map(([what]) => what).join(', ')}: 400 BAD_REQUEST, nothing stored`;
}
