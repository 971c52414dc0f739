import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../cli/up/free-port.ts';
import { stretched } from '../../harness/machine-time.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { DrillGroup } from '../drill.ts';
import { startEdge, type Edge } from '../edge.ts';
import { historyOf, untilAllFinal } from '../job-streams.ts';
import { expectTheTruth, watchQueue } from '../live-watchers.ts';
import { newOwner, request, tryUpload } from '../people.ts';
import type { ServiceProcess } from '../service-process.ts';

const DRAIN_MS_MAX = 25_000;
/** Of each of the three people who load the installation, between two requests. */
const PAUSE_MS = 150;

let edge: Edge;

async function start(): Promise<DrillInstallation> {
  const port = await freePort();
  // Browsers open the edge, so its origin is the only one that sockets are opened from.
  const env = { SHUTDOWN_GRACE_MS: '4000', PUBLIC_URL: `http://127.0.0.1:${port}` };
  const installation = await startDrillInstallation({ rest: [], direct: true, env });
  const two = (service: string): Promise<ServiceProcess[]> =>
    Promise.all(['a', 'b'].map((letter) => installation.serve(`${service}-${letter}`, [service])));
  const [writes, reads] = await Promise.all([
    two('command-api'),
    two('query-api'),
    two('projector'),
    two('processor'),
  ]);
  edge = await startEdge({ port, writes, reads });
  return { ...installation, stop: () => edge.stop().then(() => installation.stop()) };
}

/** One service after the other is stopped in order and started again, while people upload, read and watch. */
async function restartAll(installation: DrillInstallation): Promise<string> {
  await installation.gateway.script({ otherwise: { delayMs: 150 } });
  const owner = newOwner();
  const watchers = Array.from({ length: 5 }, () => watchQueue(edge.url, owner));
  await within(15_000, 'all are connected', () => watchers.every((each) => each.connections() > 0));
  let over = false;
  const answers: { what: string; status: number; retryAfter: string | null }[] = [];
  const loop = async (
    what: string,
    ask: () => Promise<{ status: number; retryAfter: string | null }>,
  ): Promise<void> => {
    while (!over) {
      const answer = await ask().catch((error: unknown) => {
        throw new Error(`${what}: no answer: ${String((error as Error).cause ?? error)}`, { cause: error });
      });
      answers.push({ what, ...answer });
      await sleep(PAUSE_MS);
    }
  };
  const load = Promise.all([
    loop('upload', () => tryUpload(installation, { owner, at: edge.url })),
    loop('upload', () => tryUpload(installation, { at: edge.url })),
    loop('list', () => statusOf(request(edge.url, owner, '/api/jobs?limit=20'))),
  ]);
  load.catch(() => undefined);
  const drains: number[] = [];
  for (const each of installation.processes()) {
    drains.push(await each.terminate());
    await each.restart();
    await sleep(300);
  }
  over = true;
  await load;
  expectThat(Math.max(...drains) < stretched(DRAIN_MS_MAX), 'each drained within 25 s', drains);
  const odd = answers.filter(
    ({ status, retryAfter }) => status >= 400 && (status !== 503 || retryAfter === null),
  );
  expectThat(odd.length === 0, 'no request failed but with 503 and Retry-After', odd.slice(0, 3));
  await untilAllFinal(installation, 60_000);
  for (const jobId of installation.acknowledged.keys()) {
    const history = await historyOf(installation, jobId);
    const given = history.filter((type) => type.startsWith('AttemptAbandoned'));
    expectThat(
      given.every((type) => type.endsWith('shutdown')),
      'leases were given back, not lost',
      history,
    );
  }
  await within(60_000, 'sockets see the truth', async () => {
    for (const each of watchers) await expectTheTruth(each, edge.url);
    return true;
  });
  const told = watchers.flatMap(({ closes }) => closes);
  expectThat(
    told.length > 0 && told.every((code) => code === 1_012),
    'sockets were told of the restart',
    told,
  );
  expectThat(
    watchers.every(({ stepsBack }) => stepsBack.length === 0),
    'and no row went back',
  );
  for (const each of watchers) each.close();
  await installation.gateway.script({});
  const later = answers.filter(({ status }) => status === 503).length;
  return `8 processes restarted, drained in at most ${(Math.max(...drains) / 1000).toFixed(1)} s; ${answers.length} requests, ${later} told 503; ${told.length} sockets told to return`;
}

async function statusOf(answer: Promise<Response>): Promise<{ status: number; retryAfter: string | null }> {
  const response = await answer;
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

export const rolling: DrillGroup = {
  name: 'rolling',
  start,
  drills: [
    { id: 'D38', title: 'SIGTERM of every service, one after the other, under load', run: restartAll },
  ],
};
