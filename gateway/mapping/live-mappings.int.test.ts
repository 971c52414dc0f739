import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  decodeConvertedBy,
  GATEWAY_HEADERS,
  gatewayHealthSchema,
  gatewayMappingsSchema,
  type GatewayHealth,
} from '../../schemas/protocols/gateway-protocol.ts';
import { until } from '../../tests/harness/api-user.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';

const main = join(import.meta.dirname, '..', 'main.ts');
const SLOW_MS = 90_000;
const TOKEN = 'a token of sixteen letters or more';

/** Starts a gateway as a process of its own, with a folder of mappings that the test edits. */
describe('the mappings of a running gateway', () => {
  let folder: string;
  let gateway: ChildProcess;
  let url: string;
  let pdf: Buffer;
  const logged: string[] = [];

  const put = (version: number, says: object): void => {
    const mapping = { id: 'moll_v1', version, label: `Moll ${version}`, extends: 'eu_invoice_v1', ...says };
    // Replaces the file in one step, as careful editors do.
    writeFileSync(join(folder, 'moll_v1.json.new'), JSON.stringify(mapping));
    renameSync(join(folder, 'moll_v1.json.new'), join(folder, 'moll_v1.json'));
  };
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const convertedBy = async (): Promise<number> => {
    const answer = await fetch(`${url}/v1/convert?mapping=moll_v1`, {
      method: 'POST',
      body: pdf as BodyInit,
      headers,
    });
    await answer.arrayBuffer();
    return decodeConvertedBy(answer.headers.get(GATEWAY_HEADERS.convertedBy) ?? '')?.version ?? answer.status;
  };
  const health = async (more: Record<string, string> = headers): Promise<GatewayHealth['mappings']> =>
    gatewayHealthSchema.parse(await (await fetch(`${url}/health`, { headers: more })).json()).mappings;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'docket-live-mappings-'));
    put(1, {});
    pdf = await makePlainInvoice({});
    gateway = spawn(process.execPath, [main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PORT: '0', GATEWAY_CHILDREN: '1', GATEWAY_MAPPINGS: folder, GATEWAY_TOKEN: TOKEN },
    });
    createInterface(gateway.stderr!).on('line', (line) => logged.push(line));
    const [line] = (await once(createInterface(gateway.stdout!), 'line')) as [string];
    url = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
  }, SLOW_MS);
  afterAll(async () => {
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    rmSync(folder, { recursive: true });
  }, SLOW_MS);

  it(
    'follow the files: an edited one converts, a broken one is named and the last good one stays, a removed one goes',
    async () => {
      expect(await convertedBy()).toBe(1);
      expect(await health()).toEqual({ own: 1, refused: 0 });

      put(2, { country: 'DE' });
      await until('the edited mapping converts', async () => (await convertedBy()) === 2, SLOW_MS);
      expect(logged.join('\n')).toMatch(/a mapping is used from now on.*"mapping":"moll_v1","version":2/);

      put(3, { country: 'Germany' });
      await until('the broken one is told', async () => (await health())?.refused === 1, SLOW_MS);
      expect(await convertedBy()).toBe(2);
      expect((await health())?.faults?.[0]).toMatch(/^moll_v1\.json#\/country: /);
      expect(await health({})).toEqual({ own: 1, refused: 1 });
      expect(logged.join('\n')).toMatch(/is not used; its last good version stays.*moll_v1\.json#\/country/);

      put(4, { country: 'DE' });
      await until('the mended one converts', async () => (await convertedBy()) === 4, SLOW_MS);
      expect(await health()).toEqual({ own: 1, refused: 0 });

      put(4, { country: 'AT' });
      await until(
        'the unchanged version is told',
        () => Promise.resolve(logged.some((line) => line.includes('has changed under the same version'))),
        SLOW_MS,
      );

      rmSync(join(folder, 'moll_v1.json'));
      await until('it is unknown', async () => (await convertedBy()) === 400, SLOW_MS);
      const listed = gatewayMappingsSchema.parse(
        await (await fetch(`${url}/v1/mappings`, { headers })).json(),
      );
      expect(listed.map(({ id }) => id)).not.toContain('moll_v1');
    },
    4 * SLOW_MS,
  );
});
