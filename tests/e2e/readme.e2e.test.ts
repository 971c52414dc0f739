import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { until } from '../harness/api-user.ts';

const README = join(import.meta.dirname, '..', '..', 'README.md');
let installation: Installation;
let folder: string;

beforeAll(async () => {
  installation = await startInstallation();
  folder = await mkdtemp(join(tmpdir(), 'docket-readme-'));
  await writeFile(join(folder, 'invoice.pdf'), await makeInvoicePdf(3));
}, 120_000);

afterAll(async () => {
  await installation.stop();
  await rm(folder, { recursive: true });
});

/** Runs lines of the README in one shell, against this test's installation instead of port 8080. */
async function run(lines: readonly string[]): Promise<string> {
  const script = lines.join('\n').replaceAll('http://localhost:8080', installation.url);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder });
  return stdout;
}

describe("the README's curl lines", () => {
  it('work as they stand [R34.03]', async () => {
    const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(await readFile(README, 'utf8')) ?? [];
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const [upload, ...rest] = lines;
    expect(JSON.parse(await run([upload!]))).toMatchObject({
      results: [{ filename: 'invoice.pdf', state: 'queued' }],
    });
    await until('ready', async () => (await run([rest[0]!])).includes('"state":"ready"'), 30_000);
    const shown = await run(rest);
    expect(shown).toContain('"sentence"');
    expect(shown).toContain('"because"');
    expect(await readFile(join(folder, 'invoice.xml'), 'utf8')).toMatch(/^<\?xml [\s\S]*<Invoice /);
  }, 60_000);
});
