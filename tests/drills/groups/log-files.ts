import { existsSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeInvoicePdf } from '../../rooms/gateway/invoice-pdf.ts';
import { startInstallation } from '../../harness/installation.ts';
import { newApiUser } from '../../harness/api-user.ts';
import { expectThat, within } from '../claims.ts';
import type { Drill } from '../drill.ts';

/** Longer than the time after which a missing file is made again. */
const BACK_MS_MAX = 10_000;

/** Log files of a running `npm start` are removed and renamed, as by `rm` and logrotate. */
async function removedLogFiles(): Promise<string> {
  // Most drills run with production settings. This installation runs as for one person.
  const installation = await startInstallation({ env: { NODE_ENV: 'development' } });
  try {
    const logs = join(installation.dataDir, 'logs');
    const file = (name: string): string => join(logs, `${name}.log`);
    const before = await installation.parts();
    await rm(file('services'));
    await rename(file('gateway'), `${file('gateway')}.old`);
    await within(BACK_MS_MAX, 'both files are back', () =>
      Promise.resolve(existsSync(file('services')) && existsSync(file('gateway'))),
    );
    const person = await newApiUser(installation.url);
    const bytes = new Uint8Array(await makeInvoicePdf(50));
    const { status } = await person.upload([{ filename: 'a.pdf', bytes }]);
    expectThat(status === 202, 'an upload is taken', status);
    await within(30_000, 'the job is ready', async () => (await person.jobs())[0]?.state === 'ready');
    await within(BACK_MS_MAX, 'the new file of the gateway has its line', () =>
      Promise.resolve(readFileSync(file('gateway'), 'utf8').includes('document answered')),
    );
    const after = await installation.parts();
    expectThat(JSON.stringify(after) === JSON.stringify(before), 'no part ended', { before, after });
    process.kill(before['services'] ?? 0, 'SIGKILL');
    await within(30_000, 'the next services write to the new file', () =>
      Promise.resolve(readFileSync(file('services'), 'utf8').includes('"msg":"ready"')),
    );
    return 'files back, nothing ended, the next lines are in them';
  } finally {
    await installation.stop();
  }
}

/** Runs in a separate installation, as `npm start` makes it. */
export const logFileDrills: readonly Drill[] = [
  { id: 'D50', title: 'log files of npm start removed and moved away', run: removedLogFiles },
];
