import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { freePort } from '../../cli/up/free-port.ts';
import { LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { PortUnavailable } from '../../runtime/http/listen.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { runDocket } from '../harness/run-docket.ts';

const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
const onNetwork = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const ifIPv6 = addresses.some(({ address }) => address === '::1') ? it : it.skip;

let installation: Installation | null = null;
afterEach(async () => {
  await installation?.stop();
  installation = null;
});

/** What a page of an address may do, as its browser asks: a change and the live socket. */
async function rightsOf(address: string): Promise<{ write: number; socket: string }> {
  const write = await fetch(`${address}/api/jobs/cancel`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: address, 'Sec-Fetch-Site': 'same-origin' },
    body: '{"jobIds":[]}',
  });
  const cookie = (await fetch(`${address}/api/jobs`)).headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  const socket = new WebSocket(`${address.replace('http', 'ws')}/api/live`, [LIVE_PROTOCOL], {
    headers: { Origin: address, Cookie: cookie },
  });
  const opened = await new Promise<string>((resolve) => {
    socket.once('open', () => resolve('open'));
    socket.once('error', ({ message }) => resolve(message));
  });
  socket.close();
  return { write: write.status, socket: opened };
}

describe('the address that a start prints', () => {
  it('opens with writes and the socket when HOST is every address, here and by the network', async () => {
    installation = await startInstallation({ env: { HOST: '0.0.0.0' } });
    expect(installation.url).toMatch(/^http:\/\/localhost:\d+$/);
    const { port } = new URL(installation.url);
    const all = [installation.url, ...(onNetwork === undefined ? [] : [`http://${onNetwork}:${port}`])];
    for (const address of all)
      expect([address, await rightsOf(address)]).toEqual([address, { write: 400, socket: 'open' }]);
  }, 120_000);

  ifIPv6(
    'has brackets around IPv6, and opens',
    async () => {
      installation = await startInstallation({ env: { HOST: '[::1]' } });
      expect(installation.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect((await rightsOf(installation.url)).socket).toBe('open');
    },
    120_000,
  );
});

describe('a start that cannot listen says why, and what to do', () => {
  const up = async (env: Record<string, string>) => {
    const folder = await mkdtemp(join(tmpdir(), 'docket-address-'));
    const ran = await runDocket(['up'], { DATA_DIR: folder, ...env });
    await rm(folder, { recursive: true });
    return [ran.code, ran.stderr];
  };

  ifIPv6(
    'when another program holds the port on ::1',
    async () => {
      const other = createServer();
      // A port that is free on 127.0.0.1 too: there another fault would be named.
      const port = await freePort();
      await new Promise<void>((resolve) => other.listen(port, '::1', resolve));
      expect(await up({ PORT: String(port) })).toEqual([
        1,
        `Docket: Port ${port} cannot be used: something else is listening on [::1], where browsers may look for localhost. Choose another one with PORT=...\n`,
      ]);
      await new Promise((resolve) => other.close(resolve));
    },
    60_000,
  );

  it.each(['no-such-host.invalid', '203.0.113.7'])(
    'when HOST is none of this machine: %s',
    async (HOST) => {
      expect(await up({ HOST, PORT: '0' })).toEqual([
        1,
        expect.stringMatching(
          /^Docket: HOST=\S+ is no address or name of this machine \(\w+\)\. Set HOST=127\.0\.0\.1 /m,
        ),
      ]);
    },
    60_000,
  );

  it('when the port needs rights', () => {
    const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(new PortUnavailable({ host: '127.0.0.1', port: 80 }, denied).message).toBe(
      'Port 80 cannot be used: this user has no right to it, as is usual below 1024. Choose another one with PORT=...',
    );
  });
});
