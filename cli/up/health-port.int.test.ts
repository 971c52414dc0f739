/** Where `/health`, `/ready` and `/metrics` of `npm start` are when nobody says it. */
import { afterEach, expect, it } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../../tests/harness/installation.ts';
import { until } from '../../tests/harness/api-user.ts';
import { notedConnections } from '../connections.ts';
import { healthPort } from './health-port.ts';

const UNSET = { HEALTH_CHECK_PORT: '' };

const installations: Installation[] = [];
afterEach(async () => {
  await Promise.all(installations.splice(0).map((installation) => installation.stop()));
});

const isReadyAt = async (url: string): Promise<boolean> => (await fetch(`${url}/ready`)).status === 200;

it('two Dockets that start in the same moment are both ready, each with a health port of its own', async () => {
  installations.push(
    ...(await Promise.all([startInstallation({ env: UNSET }), startInstallation({ env: UNSET })])),
  );
  const [one, other] = await Promise.all(installations.map((installation) => installation.healthUrl()));
  expect(one).not.toBe(other);
  expect([await isReadyAt(one!), await isReadyAt(other!)]).toEqual([true, true]);
}, 180_000);

it('a health port that another program takes before the services listen is exchanged for a free one', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'docket-health-port-'));
  const starting = startInstallation({ dataDir, env: UNSET });
  // It is noted when it is chosen; the services take about a second from there.
  await until('chosen', () => Promise.resolve(notedConnections(dataDir).HEALTH_URL !== undefined), 60_000);
  const chosen = notedConnections(dataDir).HEALTH_URL!;
  const taker = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    taker.once('error', reject);
    taker.listen(Number(new URL(chosen).port), '127.0.0.1', resolve);
  });
  try {
    const installation = await starting;
    installations.push(installation);
    expect(await installation.healthUrl()).not.toBe(chosen);
    expect(await isReadyAt(await installation.healthUrl())).toBe(true);
  } finally {
    await new Promise((resolve) => taker.close(resolve));
  }
}, 120_000);

it('a health port that somebody asked for is never exchanged, and a start that fails otherwise is not repeated', async () => {
  const taker = createServer();
  const said: string[] = [];
  const tell = { note: () => undefined, say: (line: string) => void said.push(line) };
  const settings = { HEALTH_CHECK_HOST: '127.0.0.1', HEALTH_CHECK_PORT: 0 };
  const startsOn = async ({ isAsked, isTaken }: { isAsked: boolean; isTaken: boolean }) => {
    await new Promise<void>((resolve) => taker.listen(0, '127.0.0.1', resolve));
    const { port } = taker.address() as AddressInfo;
    await new Promise((resolve) => taker.close(resolve));
    const tried: number[] = [];
    const health = await healthPort({ ...settings, HEALTH_CHECK_PORT: port }, isAsked, tell);
    const start = async (on: number): Promise<never> => {
      tried.push(on);
      if (isTaken) await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
      throw new Error('it ended');
    };
    await expect(health.startOn(new AbortController().signal, start)).rejects.toThrow('it ended');
    if (isTaken) await new Promise((resolve) => taker.close(resolve));
    return { tried, port };
  };
  const asked = await startsOn({ isAsked: true, isTaken: true });
  expect(asked.tried).toEqual([asked.port]);
  const failing = await startsOn({ isAsked: false, isTaken: false });
  expect(failing.tried).toEqual([failing.port]);
  expect(said).toEqual([]);
});
