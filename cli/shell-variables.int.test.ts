import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../tests/harness/installation.ts';
import { newApiUser, until } from '../tests/harness/api-user.ts';
import { runDocket } from '../tests/harness/run-docket.ts';
import { makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { shieldFromShell } from './shell-variables.ts';

const ROOT = join(import.meta.dirname, '..');

/** The proxy of an office: it notes where it is asked to go, and goes nowhere. */
let proxy: Server;
let asked: string[];
let address: string;
beforeAll(async () => {
  const note = (to: string): void => void asked.push(to);
  proxy = createServer((request, response) => {
    note(request.url ?? '');
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    note(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(() => new Promise((resolve) => proxy.close(resolve)));

const office = (): Record<string, string> => ({
  http_proxy: address,
  https_proxy: address,
  HTTP_PROXY: address,
  HTTPS_PROXY: address,
  all_proxy: address,
  grpc_proxy: address,
  NODE_USE_ENV_PROXY: '1',
});

describe('a start in the shell of another life', () => {
  let installation: Installation | null = null;
  afterEach(async () => {
    await installation?.stop();
    installation = null;
  });

  it.each([
    ['no_proxy unset', {}],
    ['a no_proxy without this machine', { no_proxy: 'intern.example', no_grpc_proxy: 'intern.example' }],
  ])(
    'with a proxy and %s converts and verifies, and asks the proxy nothing',
    async (_what, except) => {
      const env = { ...office(), ...except };
      const running = (installation = await startInstallation({ env }));
      const user = await newApiUser(running.url);
      await user.upload([{ filename: 'a.pdf', bytes: new Uint8Array(await makeInvoicePdf(7)) }]);
      await until('ready', async () => (await user.jobs())[0]?.state === 'ready', 60_000);
      const verified = await runDocket(['verify'], { ...env, DATA_DIR: running.dataDir });
      expect([verified.code, verified.stderr]).toEqual([0, '']);
      expect(asked).toEqual([]);
    },
    180_000,
  );

  it('with the variables of another Postgres uses its own, and so do the commands at the terminal', async () => {
    const env = {
      PGSSLMODE: 'require',
      PGOPTIONS: '-c default_transaction_read_only=on',
      PGHOST: 'nowhere.invalid',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGPASSWORD: 'secret',
      PGDATA: '/nowhere',
      NODE_PG_FORCE_NATIVE: '1',
    };
    const running = (installation = await startInstallation({ env }));
    const user = await newApiUser(running.url);
    await user.upload([{ filename: 'a.pdf', bytes: new Uint8Array(await makeInvoicePdf(8)) }]);
    await until('ready', async () => (await user.jobs())[0]?.state === 'ready', 60_000);
    const verified = await runDocket(['verify'], { ...env, DATA_DIR: running.dataDir });
    expect([verified.code, verified.stderr]).toEqual([0, '']);
  }, 180_000);
});

describe('calls to the outside', () => {
  /** Runs a program behind the shield and with the office's proxy, until it ends. */
  const run = async (program: string, env: Record<string, string>): Promise<void> => {
    const shielded = `
      const { shieldFromShell } = await import(${JSON.stringify(join(ROOT, 'cli', 'shell-variables.ts'))});
      shieldFromShell(process.env);
      ${program}
      process.exit(0);`;
    const ran = await runDocket([], env, 60_000, ['--input-type=module', '-e', shielded]);
    // gRPC notes on standard error that the proxy refused.
    expect([ran.code, ran.stderr.includes('    at ')]).toEqual([0, false]);
  };
  const get = (url: string): string => `await fetch(${JSON.stringify(url)}).catch(() => undefined);`;

  it('by fetch go through the proxy, with and without NODE_USE_ENV_PROXY', async () => {
    await run(get('http://gateway.example/x'), { HTTP_PROXY: address });
    await run(get('http://gateway.example/x'), { http_proxy: address, NODE_USE_ENV_PROXY: '1' });
    expect(asked.map((to) => to.includes('gateway.example'))).toEqual([true, true]);
  }, 60_000);

  it('by fetch go direct to what no_proxy names, and to a name on the same network', async () => {
    const direct = { http_proxy: address, NO_PROXY: '.intern.invalid', GATEWAY_URL: 'http://gateway:1' };
    await run(
      `${get('http://a.intern.invalid/')} ${get('http://gateway:1/')} ${get('http://[::1]:1/')}`,
      direct,
    );
    expect(asked).toEqual([]);
  }, 60_000);

  it('by gRPC and S3 go through the proxy', async () => {
    const eventStore = `
      const { EventStoreDBClient } = await import(${JSON.stringify(import.meta.resolve('@eventstore/db-client'))});
      const client = EventStoreDBClient.connectionString('esdb://store.example:2113?tls=false');
      await client.readStream('a', { maxCount: 1, deadline: 2_000 })[Symbol.asyncIterator]().next().catch(() => undefined);`;
    const s3 = `
      const { s3Bucket } = await import(${JSON.stringify(join(ROOT, 'blob-store', 's3-bucket.ts'))});
      const bucket = s3Bucket({ bucket: 'b', region: 'r', endpoint: 'http://s3.example', forcePathStyle: true,
        serverSideEncryption: 'none', timeoutMs: 2_000, log: { warn() {}, debug() {} },
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
      await bucket.head('k').catch(() => undefined);`;
    await run(`${eventStore} ${s3}`, { http_proxy: address });
    expect(asked.some((to) => to.includes('store.example:2113'))).toBe(true);
    expect(asked.some((to) => to.includes('s3.example'))).toBe(true);
  }, 60_000);
});

describe('the shield', () => {
  it('leaves an environment without a proxy as it is, and PG* to a Postgres that DATABASE_URL names', () => {
    const given = {
      PATH: '/bin',
      no_proxy: 'a',
      PGSSLMODE: 'require',
      DATABASE_URL: 'postgres://db.example/shop',
    };
    const environment = { ...given };
    expect(shieldFromShell(environment)).toEqual([]);
    expect(environment).toEqual(given);
  });

  it('says that a proxy of another kind is not used, and not its password', () => {
    expect(shieldFromShell({ https_proxy: 'socks5://me:secret@127.0.0.1:1' })).toEqual([
      'the proxy in https_proxy is not used: it is no address that begins with http:// or https://.',
    ]);
  });

  it('takes no proxy at all where no_proxy is *', () => {
    const environment: Record<string, string> = { http_proxy: 'http://127.0.0.1:1', no_proxy: '*' };
    shieldFromShell(environment);
    expect(environment).toEqual({ no_proxy: '*' });
  });
});
