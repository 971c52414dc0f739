import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../../harness/installation.ts';
import { runDocket } from '../../harness/run-docket.ts';
import { expectThat, within } from '../claims.ts';
import { startDrillInstallation } from '../drill-installation.ts';
import type { DrillGroup } from '../drill.ts';
import { stretched } from '../../harness/machine-time.ts';

const DISK_MB = 420;
const JOBS = 4;
const WAIT_MS_MAX = 120_000;

/** Null when this user may mount a small disk of memory. */
function cannotMount(): string | null {
  const at = mkdtempSync(join(tmpdir(), 'docket-mount-'));
  try {
    mount(at, 1);
    unmount(at);
    return null;
  } catch {
    return 'a small disk cannot be mounted here: it takes a user who may mount';
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

function mount(at: string, mb: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mb}m,mode=755`, 'docket-drill', at], {
    stdio: 'ignore',
  });
}

function unmount(at: string): void {
  execFileSync('umount', ['--lazy', at], { stdio: 'ignore' });
}

/** A person with a session, at an installation that `npm start` runs. */
function person() {
  let address = '';
  let cookie = '';
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.timeout(stretched(30_000));
    const answer = await fetch(new URL(path, address), { signal, ...init, headers: { cookie } });
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return answer;
  };
  return {
    ask,
    /** The same session, at an installation that was started again. */
    moveTo: (to: string): void => void (address = to),
    upload: async (pdf: Uint8Array): Promise<{ status: number; text: string; jobId: string | null }> => {
      const form = new FormData();
      form.append('files', new Blob([new Uint8Array(pdf)], { type: 'application/pdf' }), 'a.pdf');
      form.append('mapping', 'text_layout_v1');
      const answer = await ask('/api/jobs', { method: 'POST', body: form });
      const text = await answer.text();
      const parsed = JSON.parse(text) as { results?: { jobId?: string }[] };
      return { status: answer.status, text, jobId: parsed.results?.[0]?.jobId ?? null };
    },
    state: async (jobId: string): Promise<string> =>
      ((await (await ask(`/api/jobs/${jobId}/why`)).json()) as { state: string }).state,
    download: async (jobId: string): Promise<number> => {
      const answer = await ask(`/api/jobs/${jobId}/download`);
      await answer.arrayBuffer();
      return answer.status;
    },
  };
}

type ApiUser = ReturnType<typeof person>;

/** Uses all free space. */
function fill(disk: string): string {
  const filler = join(disk, 'filler');
  const file = openSync(filler, 'a');
  try {
    // Other programs write meanwhile, so the function finds the remaining space by attempts, down to the last page.
    for (const bytes of [1 << 20, 1 << 12]) {
      const chunk = Buffer.alloc(bytes);
      for (let isRoom = true; isRoom;) isRoom = wrote(file, chunk);
    }
  } finally {
    closeSync(file);
  }
  return filler;
}

function wrote(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** Checks what must still work without space, in an installation that runs on the full disk. */
async function goesOn(
  installation: Installation,
  who: ApiUser,
  ready: readonly string[],
  spare: Uint8Array,
): Promise<void> {
  for (const jobId of ready)
    await within(WAIT_MS_MAX, 'a download goes on', async () => (await who.download(jobId)) === 200, 500);
  await within(
    WAIT_MS_MAX,
    'an upload is refused with one sentence',
    async () => {
      const { status, text } = await who.upload(spare);
      if (status !== 507) throw new Error(`${status} ${text}`);
      return text.includes('no room left for uploads');
    },
    500,
  );
  const { code, stdout, stderr } = await runDocket(['cleanup', '--json'], {
    DATA_DIR: installation.dataDir,
    NODE_ENV: 'test',
  });
  expectThat(code === 0, 'docket cleanup runs', { code, stdout, stderr });
}

async function fullDisk(): Promise<string> {
  const disk = mkdtempSync(join(tmpdir(), 'docket-full-'));
  mount(disk, DISK_MB);
  let installation: Installation | null = null;
  try {
    const { makePlainPdf } = await import('../../rooms/gateway/other-pdf.ts');
    const pdf = (word: string): Promise<Uint8Array> => makePlainPdf({ texts: [[word, 50, 50]] });
    const env = {
      NODE_ENV: 'test',
      SESSION_SECRET: 'drill-secret-of-thirty-two-characters-or-more',
      DISK_REFUSE_PERCENT: '100',
    };
    const dataDir = join(disk, 'data');
    installation = await startInstallation({ dataDir, env: { ...env, DISK_WARN_PERCENT: '100' } });
    const who = person();
    who.moveTo(installation.url);
    const accepted: string[] = [];
    const take = async (word: string): Promise<string> => {
      const { jobId, text, status } = await who.upload(await pdf(word));
      expectThat(jobId !== null && status === 202, 'an upload is taken', text);
      accepted.push(jobId!);
      return jobId!;
    };
    for (let n = 0; n < JOBS; n += 1) await take(`before ${n}`);
    const isReady = (jobId: string) => async (): Promise<boolean> => (await who.state(jobId)) === 'ready';
    for (const jobId of accepted) await within(WAIT_MS_MAX, 'it is converted', isReady(jobId), 200);
    await within(WAIT_MS_MAX, 'room is kept', () => existsSync(join(dataDir, 'reserved-room')), 200);
    const ready = [...accepted];
    // These uploads are in progress when the last space is used.
    for (let n = 0; n < JOBS; n += 1) await take(`at the end ${n}`);
    const filler = fill(disk);
    const pids = Object.entries(await installation.parts()).filter(([name]) => name !== 'postgres');
    const spare = await pdf('refused');
    await goesOn(installation, who, ready, spare);
    const still = await installation.parts();
    for (const [name, pid] of pids)
      expectThat(still[name] === pid, `${name} lived through it`, { before: pid, now: still[name] });

    await installation.halt();
    const freeMb = statfsSync(disk).bavail / 256;
    installation = await startInstallation({ dataDir, env: { ...env, DISK_WARN_PERCENT: '100' } });
    who.moveTo(installation.url);
    await goesOn(installation, who, ready, spare);

    rmSync(filler);
    await within(
      WAIT_MS_MAX,
      'uploads are taken again, by itself',
      async () => (await who.upload(spare)).status < 300,
      500,
    );
    for (const jobId of accepted)
      await within(
        WAIT_MS_MAX,
        'every accepted job is converted',
        async () => {
          const state = await who.state(jobId);
          // All attempts of a job may have met the full disk. The job is then failed, says so, and can be retried.
          if (state === 'failed') await who.ask(`/api/jobs/${jobId}/retry`, { method: 'POST' });
          return state === 'ready';
        },
        500,
      );
    return `lived through it; started with ${freeMb.toFixed(0)} MiB free; ${accepted.length} of ${accepted.length} accepted jobs ready`;
  } finally {
    await installation?.halt();
    unmount(disk);
    rmSync(disk, { recursive: true, force: true });
  }
}

export const fullDiskDrill: DrillGroup = {
  name: 'full-disk',
  // The drill has a separate installation on its own disk. The group's installation is only checked.
  start: () => startDrillInstallation(),
  drills: [
    {
      id: 'D65',
      title: 'the disk of `npm start` is full: while it runs, at its start, and free again',
      cannot: cannotMount,
      run: fullDisk,
      msMax: 600_000,
    },
  ],
};
