import { execFileSync } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { untilAllFinal, untilState } from '../job-streams.ts';
import { anyPdf, tryUpload, upload } from '../people.ts';

const hasPrlimit = (): string | null => {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'prlimit(1) is missing: no limit can be put on a running process';
  }
};

/** With a limit on the length of files, a write fails as on a full disk (EFBIG). This needs no root. */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);
}

async function fullDisk(installation: DrillInstallation): Promise<string> {
  const api = await installation.serve(`full-${performance.now().toFixed(0)}`, ['command-api']);
  limitFiles(api.pid(), 1024 * 1024);
  const large = await tryUpload(installation, { bytes: anyPdf(3 * 1024 * 1024), at: api.url });
  expectThat(large.status === 507, 'an upload that does not fit is told 507', large);
  const small = await upload(installation, { at: api.url });
  limitFiles(api.pid(), 'unlimited');
  const guarded = await installation.serve(`guarded-${performance.now().toFixed(0)}`, ['command-api'], {
    env: { DISK_WARN_PERCENT: '1', DISK_REFUSE_PERCENT: '1' },
  });
  const refused = await tryUpload(installation, { at: guarded.url });
  expectThat(refused.status === 507, 'beyond the hard threshold nothing is begun', refused);
  await untilState(installation, small, ['ready']);

  limitFiles(installation.processor!.pid(), 256 * 1024);
  await installation.gateway.script({
    otherwise: { body: `<?xml version="1.0"?>\n<Invoice>${'x'.repeat(2 ** 20)}</Invoice>` },
  });
  const result = await upload(installation);
  const failed = await untilState(installation, result, ['failed']);
  limitFiles(installation.processor!.pid(), 'unlimited');
  await installation.gateway.script({});
  expectThat(failed.state === 'failed' && failed.failure.code === 'IO_ERROR', 'results: IO_ERROR', failed);
  expectThat(failed.state === 'failed' && failed.attempts === 2, 'after one retry', failed);

  limitFiles(installation.eventStore.pid(), 1);
  const during = await tryUpload(installation);
  expectThat(during.status === 503 && during.retryAfter !== null, 'a full log: 503 with Retry-After', during);
  await installation.eventStore.kill('SIGKILL');
  await installation.eventStore.restart();
  await untilState(installation, await upload(installation), ['ready'], { withinMs: 40_000 });
  await Promise.all([api.kill(), guarded.kill()]);
  return 'uploads 507, results IO_ERROR after one retry, log 503 and whole after its restart';
}

async function brokenFiles(installation: DrillInstallation): Promise<string> {
  const few = await installation.serve(`few-files-${performance.now().toFixed(0)}`, ['command-api'], {
    under: ['prlimit', '--nofile=40'],
  });
  const answers = await Promise.all(
    Array.from({ length: 60 }, () =>
      tryUpload(installation, { at: few.url, bytes: anyPdf(100_000) }).then(
        ({ status }) => status,
        () => 'no connection' as const,
      ),
    ),
  );
  const odd = answers.filter((status) => ![202, 429, 503, 507, 'no connection'].includes(status));
  expectThat(odd.length === 0, 'every answer has a typed status', odd);
  expectThat(few.isAlive(), 'the process lives');
  await within(
    20_000,
    'it takes uploads again',
    async () => (await tryUpload(installation, { at: few.url })).status === 202,
  );
  await few.kill();

  // The volume goes while nobody is at it; one that comes back to new folders could not be put in its place.
  await untilAllFinal(installation, 60_000);
  const away = `${installation.blobDir}.unmounted`;
  await rename(installation.blobDir, away);
  const unmounted = await tryUpload(installation);
  expectThat(unmounted.status === 503, 'without its marker the volume is taken for unmounted', unmounted);
  await rename(away, installation.blobDir);
  await untilState(installation, await upload(installation), ['ready']);
  const readOnly = await onReadOnlyFiles(installation);
  const taken = answers.filter((status) => status === 202).length;
  return `40 file handles: ${taken} of 60 taken, the others told so; unmounted volume 503; read-only ${readOnly}`;
}

/** A read-only mount needs root and the right to mount; without them this part is left out and said so. */
async function onReadOnlyFiles(installation: DrillInstallation): Promise<string> {
  const mount = (...args: string[]): void => void execFileSync('mount', args, { stdio: 'ignore' });
  try {
    mount('--bind', installation.blobDir, installation.blobDir);
  } catch {
    return 'left out (no right to mount)';
  }
  try {
    mount('-o', 'remount,ro,bind', installation.blobDir);
    const { status } = await tryUpload(installation);
    expectThat(status === 503 || status === 507, 'on a read-only file system an upload is refused', status);
    return String(status);
  } finally {
    await sleep(100);
    execFileSync('umount', ['--lazy', installation.blobDir]);
  }
}

/** The drills for an installation with a processor and files on disk. */
export const storageDrills: readonly Drill[] = [
  { id: 'D26', title: 'disk full on uploads, results and the log', cannot: hasPrlimit, run: fullDisk },
  {
    id: 'D27',
    title: 'no file handles, unmounted volume, read-only file system',
    cannot: hasPrlimit,
    run: brokenFiles,
  },
];
