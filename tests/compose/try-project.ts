import { statSync } from 'node:fs';
import { join } from 'node:path';
import { newApiUser, until, type ApiUser } from '../harness/api-user.ts';
import { secretsShownTo, storesReachedFrom } from './closed-doors.ts';
import { COMPOSE_FILES } from './compose-files.ts';
import { hstsOf, listens, untilReady, upload } from './people.ts';
import { linesOf, type Project } from './project.ts';
import { watchReaders } from './readers.ts';

/** Runs one check, and returns true when it holds. */
export type Check = (claim: string, holds: () => Promise<string | void>) => Promise<boolean>;

/** The time includes a pull of the images of the stores when they are missing. */
const HEALTHY_MS_MAX = 300_000;
const AFTER_KILL_MS_MAX = 120_000;
const SERVED = ['gateway', 'projector', 'sealer', 'processor', 'query-api', 'command-api'] as const;
const HURT = [...SERVED, 'edge', 'eventstore', 'postgres', 'blobs'] as const;
/** Most bytes of an image. An image with a second Node, a Postgres and the tests had 623 MB. */
const IMAGE_MB_MAX = 400;

/** Tries every promise of the compose files on an engine, one after the other. */
export async function tryProject(project: Project, check: Check): Promise<void> {
  const jobs: string[] = [];
  await check('deploy/new-secrets makes .env and closes it', async () => {
    await project.script('new-secrets');
    const mode = statSync(join(project.folder, '.env')).mode & 0o777;
    if (mode !== 0o600) throw new Error(`.env has mode ${mode.toString(8)}`);
  });
  await check('Compose understands the file and each overlay', async () => {
    for (const overlay of COMPOSE_FILES.slice(1)) {
      const settings = { EDGE_ADDRESS: 'docket.example', EVENTSTORE_ADMIN_PASSWORD: 'x' };
      await project.config(['docker-compose.yml', overlay], settings);
    }
  });
  const isUp = await check('it comes up with one command, one image built once', async () => {
    await project.compose(['up', '--build', '--detach']);
    await untilHealthy(project);
  });
  if (!isUp) return;
  await check(`the image has at most ${IMAGE_MB_MAX} MB`, async () => {
    const bytes = Number(await project.docker(['image', 'inspect', '--format', '{{.Size}}', project.image]));
    const mb = Math.round(bytes / 1e6);
    if (mb > IMAGE_MB_MAX) throw new Error(`${mb} MB`);
    return `${mb} MB`;
  });
  const user = await newApiUser(project.url);
  await check('an upload becomes Ready, and its XML is there', async () => {
    jobs.push(...(await upload(user, 3)));
    await untilReady(user, jobs);
    const xml = await (await user.download(jobs[0]!)).text();
    if (!xml.startsWith('<?xml')) throw new Error(`the result begins with ${xml.slice(0, 40)}`);
  });
  await closedDoors(project, check);
  await commands(project, check);
  await killed(project, check, user, jobs);
  await upgraded(project, check, user, jobs);
  await upgradeRefused(project, check, user);
  await check('`docket verify` finds streams, files and tables sound after all of it', async () => {
    await project.compose(['run', '--rm', '-T', 'docket', 'verify']);
  });
  await overTls(project, check);
}

async function closedDoors(project: Project, check: Check): Promise<void> {
  await check('no store resolves or answers in the container of the gateway', async () => {
    const own = await storesReachedFrom(project, 'query-api');
    if (own.length < 3) throw new Error(`the same look from query-api finds ${own.join(', ') || 'nothing'}`);
    const reached = await storesReachedFrom(project, 'gateway');
    if (reached.length > 0) throw new Error(reached.join(', '));
  });
  for (const service of SERVED)
    await check(`${service} shows no secret in environment, files or /proc but its own files`, async () => {
      const shown = [
        ...(await secretsShownTo(project, service, 'node')),
        ...(await secretsShownTo(project, service, 'root')),
      ];
      if (shown.length > 0) throw new Error([...new Set(shown)].join('; '));
    });
}

async function commands(project: Project, check: Check): Promise<void> {
  await check('`docket` is on the PATH of a container', async () => {
    await project.compose(['exec', '-T', 'sealer', 'docket', 'verify', 'streams']);
  });
  await check('`docket query` asks as the analysts’ role', async () => {
    const sql = 'select count(*) as jobs from analytics.jobs';
    const answer = await project.compose(['run', '--rm', '-T', 'docket', 'query', sql, '--json']);
    if (!answer.includes('3')) throw new Error(answer);
  });
  await check('`docket backup /backup` writes a backup into its volume', async () => {
    await project.compose(['run', '--rm', '-T', 'docket', 'backup', '/backup']);
  });
}

async function killed(project: Project, check: Check, user: ApiUser, jobs: string[]): Promise<void> {
  for (const service of HURT)
    await check(`${service} killed: what is uploaded becomes Ready`, async () => {
      const begun = await upload(user, 2).catch(() => []);
      await project.compose(['kill', service]);
      await project.compose(['start', service]);
      jobs.push(...begun);
      await until(
        `an upload after ${service} is back`,
        async () => {
          const later = await upload(user, 1).catch(() => []);
          jobs.push(...later);
          return later.length > 0;
        },
        AFTER_KILL_MS_MAX,
      );
      await untilReady(user, jobs);
    });
  await untilHealthy(project);
}

async function upgraded(project: Project, check: Check, user: ApiUser, jobs: string[]): Promise<void> {
  await check('deploy/upgrade replaces every container without a gap for readers', async () => {
    const before = await Promise.all(SERVED.map((service) => project.containers(service)));
    const readers = watchReaders(project.url, user.cookie());
    try {
      const upgrading = project.script('upgrade');
      jobs.push(...(await upload(user, 5)));
      await upgrading;
    } finally {
      await readers.stop();
    }
    const after = new Set((await Promise.all(SERVED.map((service) => project.containers(service)))).flat());
    const same = before.flat().filter((container) => after.has(container));
    if (same.length > 0) throw new Error(`${same.length} containers are the old ones`);
    const { reads, refused, longestMs } = readers;
    if (refused.length > 0)
      throw new Error(`${refused.length} of ${reads} reads: ${refused.slice(0, 3).join('; ')}`);
    await untilReady(user, jobs);
    return `${reads} reads, the longest ${Math.round(longestMs)} ms`;
  });
}

async function upgradeRefused(project: Project, check: Check, user: ApiUser): Promise<void> {
  await check('an upgrade to what cannot start is taken back, and the old container serves on', async () => {
    const before = await project.containers('query-api');
    // Production refuses this setting, so the new container never becomes ready.
    project.set({ LOG_LEVEL: 'trace' });
    const readers = watchReaders(project.url, user.cookie());
    const said = await project
      .script('upgrade', ['query-api'], { READY_SEC: '15' })
      .catch((error: unknown) => String(error))
      .finally(() => readers.stop());
    project.set({ LOG_LEVEL: 'info' });
    if (!said.includes('was not ready')) throw new Error(`the upgrade said ${said}`);
    const after = await project.containers('query-api');
    if (after.join() !== before.join()) throw new Error('the containers are others');
    if (readers.refused.length > 0) throw new Error(`${readers.refused.length} of ${readers.reads} reads`);
  });
}

/** True when all permanent containers run, and all containers with a health check are healthy. */
async function untilHealthy(project: Project): Promise<void> {
  let said = '';
  const isHealthy = async (): Promise<boolean> => {
    said = await project.compose([
      'ps',
      '--all',
      '--format',
      '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}',
    ]);
    const rows = linesOf(said).map((line) => line.split(' '));
    return rows.every(([, state, health, code]) =>
      state === 'exited'
        ? code === '0' || health === '0'
        : state === 'running' && health !== 'starting' && health !== 'unhealthy',
    );
  };
  await until('every container is healthy', isHealthy, HEALTHY_MS_MAX).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  });
}

async function overTls(project: Project, check: Check): Promise<void> {
  await check('docker-compose.tls.yml serves by TLS with HSTS, and no other port', async () => {
    project.set({
      EDGE_ADDRESS: 'localhost',
      PUBLIC_URL: `https://localhost:${project.httpsPort}`,
      HTTP_PORT: String(project.httpPort),
      HTTPS_PORT: String(project.httpsPort),
      COMPOSE_FILE: 'docker-compose.yml:docker-compose.tls.yml',
    });
    await project.compose(['up', '--detach', '--no-build']);
    let hsts: string | null = null;
    const isAnswered = async (): Promise<boolean> => (hsts = await hstsOf(project.httpsPort)) !== null;
    await until('an answer over TLS', isAnswered, AFTER_KILL_MS_MAX);
    if (!String(hsts).includes('max-age')) throw new Error(`Strict-Transport-Security is ${String(hsts)}`);
    if (await listens(project.port)) throw new Error('the port without TLS still listens');
  });
}
