import { afterEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { newApiUser, until } from '../harness/api-user.ts';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { runDocket } from '../harness/run-docket.ts';

let installation: Installation | null = null;
afterEach(async () => {
  await installation?.stop();
  installation = null;
});

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('npm start', () => {
  it('stops cleanly within 5 s, leaves no process behind, and keeps everything for the next start', async () => {
    const first = (installation = await startInstallation());
    const user = await newApiUser(first.url);
    const pdf = new Uint8Array(await makeInvoicePdf(7));
    await user.upload([{ filename: 'a.pdf', bytes: pdf }]);
    await until('ready', async () => (await user.jobs())[0]?.state === 'ready', 20_000);
    const pids = Object.values(await first.parts());
    expect(pids).toHaveLength(4);

    const askedAt = performance.now();
    // Ctrl-C comes twice: from the terminal, and from npm, which hands it on.
    process.kill(first.pid, 'SIGINT');
    await sleep(20);
    expect(await first.halt('SIGINT')).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(5_000);
    expect(pids.filter(lives)).toEqual([]);

    installation = await startInstallation({ dataDir: first.dataDir, port: Number(new URL(first.url).port) });
    expect((await user.jobs()).map(({ state }) => state)).toEqual(['ready']);
    expect((await user.upload([{ filename: 'a.pdf', bytes: pdf }])).answer.results[0]).toMatchObject({
      deduplicated: true,
    });
  }, 90_000);

  it('says that it is ready when the list, the figures and an upload work at once', async () => {
    installation = await startInstallation();
    const user = await newApiUser(installation.url);
    const statuses = await Promise.all(
      ['/api/jobs', '/api/jobs/metrics', '/api/dashboard', '/api/mappings'].map(
        async (path) => (await user.request(path)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect((await fetch(`${await installation.healthUrl()}/ready`)).status).toBe(200);
    const bytes = new Uint8Array(await makeInvoicePdf(8));
    expect((await user.upload([{ filename: 'a.pdf', bytes }])).status).toBe(202);
  }, 90_000);

  it('killed the moment it is ready, it leaves none of its own programs behind, and the next start takes the rest over', async () => {
    const first = (installation = await startInstallation());
    const { postgres = 0, ...own } = await first.parts();
    process.kill(first.pid, 'SIGKILL');
    await until('all have ended', () => Promise.resolve(!Object.values(own).some(lives)), 10_000);

    installation = await startInstallation({ dataDir: first.dataDir });
    // An ended process is there until init has collected it.
    await until('the old Postgres has ended', () => Promise.resolve(!lives(postgres)), 10_000);
    expect(await installation.halt()).toBe(0);
  }, 90_000);

  it('a second start on the same folder says that one is already running, and where', async () => {
    installation = await startInstallation();
    const second = await runDocket(['up'], { DATA_DIR: installation.dataDir, PORT: '0' });
    expect(second.code).toBe(3);
    expect(second.stderr.trim()).toBe(
      `Docket: Docket is already running on ${installation.dataDir}; open ${installation.url}.`,
    );
  }, 60_000);
});

describe('a start that cannot be says why in one sentence', () => {
  it('a port in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const dataDir = await mkdtemp(join(tmpdir(), 'docket-start-'));
    const ran = await runDocket(['up'], { DATA_DIR: dataDir, PORT: String(port) });
    expect(ran.stderr.trim()).toBe(
      `Docket: Port ${port} cannot be used: something else is listening there. Choose another one with PORT=...`,
    );
    expect(ran.code).toBe(1);
    await new Promise((resolve) => taken.close(resolve));
    await rm(dataDir, { recursive: true });
  }, 60_000);

  it('a data folder that is a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docket-start-'));
    await writeFile(join(folder, 'file'), '');
    const ran = await runDocket(['up'], { DATA_DIR: join(folder, 'file'), PORT: '0' });
    expect(ran.stderr).toMatch(
      /^Docket: The data folder .* cannot be used: there is a file in its place\. Choose another one with DATA_DIR=\.\.\.$/m,
    );
    expect(ran.code).toBe(1);
    await rm(folder, { recursive: true });
  }, 60_000);

  it('a data folder without rights', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docket-start-'));
    await chmod(folder, 0o500);
    // Root may write almost anywhere; sysfs refuses even root.
    const target = process.getuid?.() === 0 ? '/sys/docket' : join(folder, 'inside');
    const ran = await runDocket(['up'], { DATA_DIR: target, PORT: '0' });
    expect(ran.stderr).toMatch(
      /^Docket: The data folder .* cannot be used: (this user may not write there|its file system is read-only)\. Choose another one with DATA_DIR=\.\.\.$/m,
    );
    expect(ran.code).toBe(1);
    await rm(folder, { recursive: true });
  }, 60_000);

  it('a broken ladder of time limits, with every fault at once [R04.02]', async () => {
    const ran = await runDocket(['up'], { WORKER_TIMEOUT_MS: '95000', GATEWAY_TIMEOUT_MS: '99000' });
    expect(ran.stderr).toContain('GATEWAY_TIMEOUT_MS must not be above WORKER_TIMEOUT_MS');
    expect(ran.stderr).toContain('WORKER_TIMEOUT_MS must be below WORKER_LEASE_TTL_SEC');
    expect(ran.code).toBe(1);
  });
});
