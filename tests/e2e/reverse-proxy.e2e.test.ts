import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { freePort } from '../../cli/up/free-port.ts';
import { LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { until } from '../harness/api-user.ts';
import {
  isInstalled,
  startReverseProxy,
  type ProxyPorts,
  type ProxyProgram,
  type ReverseProxy,
} from '../harness/reverse-proxy.ts';

const SLOW_MS = 180_000;
/** Of loopback, where every client of a test lives: the proxy connects from the first, clients from others. */
const PROXY = '127.0.0.1';
const OPERATOR = '127.0.0.7';
const REQUESTS_PER_MINUTE = 40;

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly retryAfter: string | undefined;
}

/** Asks the proxy, or Docket itself, from an address of one's own. */
function ask(
  address: string,
  from: string,
  { path = '/api/jobs', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const url = new URL(path, address);
  const request = url.protocol === 'https:' ? requestOverTls : requestPlain;
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      // The certificate is the test's own; that TLS holds is not what is tested.
      { localAddress: from, family: 4, headers, agent: false, rejectUnauthorized: false },
      (answer) => {
        answer.resume();
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            cookie: answer.headers['set-cookie']?.[0] ?? '',
            retryAfter: answer.headers['retry-after'],
          }),
        );
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}

function whyNot(program: ProxyProgram): string | null {
  if (process.platform !== 'linux')
    return 'only Linux has all of 127.0.0.0/8 for clients of their own addresses';
  return isInstalled(program) ? null : `${program} is not on the PATH`;
}

describe.each(['caddy', 'nginx'] as const)('behind a real %s', (program) => {
  const why = whyNot(program);
  if (why !== null) {
    it.skip(`is not tried: ${why}`, () => undefined);
    return;
  }
  let installation: Installation;
  let proxy: ReverseProxy;
  let ports: ProxyPorts;
  let plain: string;
  beforeAll(async () => {
    ports = { tls: await freePort(), plain: await freePort(), docket: await freePort() };
    plain = `http://localhost:${ports.plain}`;
    installation = await startInstallation({
      port: ports.docket,
      env: {
        TRUST_PROXY: PROXY,
        PUBLIC_URL: plain,
        OPS_ACCESS: OPERATOR,
        NODE_ENV: 'development',
        REQUEST_RATE_PER_MINUTE: String(REQUESTS_PER_MINUTE),
      },
    });
    proxy = await startReverseProxy(program, ports);
  }, SLOW_MS);
  afterAll(async () => {
    await proxy?.stop();
    await installation?.stop();
  });

  const refusedFrom = (address: string): boolean =>
    readFileSync(join(installation.dataDir, 'logs', 'services.log'), 'utf8')
      .split('\n')
      .some((line) => line.includes('"access refused"') && line.includes(`"address":"${address}"`));

  it('limits count each client by its own address, whatever it writes into X-Forwarded-For', async () => {
    const greedy = '127.0.0.2';
    const other = '127.0.0.3';
    for (let n = 1; n <= REQUESTS_PER_MINUTE; n += 1) expect((await ask(plain, greedy)).status).toBe(200);
    const refused = await ask(plain, greedy);
    expect(refused.status).toBe(429);
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    for (const forged of ['198.51.100.9', '127.0.0.1', '', 'unknown']) {
      const headers = {
        'X-Forwarded-For': forged,
        Forwarded: 'for=198.51.100.9',
        'X-Real-IP': '198.51.100.9',
      };
      expect([forged, (await ask(plain, greedy, { headers })).status]).toEqual([forged, 429]);
    }
    expect((await ask(plain, other)).status).toBe(200);
  });

  it('log lines name the client and not the proxy', async () => {
    const client = '127.0.0.4';
    const forged = '198.51.100.10';
    const path = '/api/jobs/00000000-0000-4000-8000-000000000000';
    await ask(plain, client, { path, headers: { 'X-Forwarded-For': forged } });
    await until('the refusal is on the log', () => Promise.resolve(refusedFrom(client)), 30_000);
    expect(refusedFrom(forged)).toBe(false);
    expect(refusedFrom(PROXY)).toBe(false);
  });

  it('the console is open to the operator’s address and to nobody who only says it', async () => {
    const path = '/api/dashboard';
    expect((await ask(plain, OPERATOR, { path })).status).toBe(200);
    expect((await ask(plain, '127.0.0.5', { path })).status).toBe(403);
    const headers = { 'X-Forwarded-For': OPERATOR };
    expect((await ask(plain, '127.0.0.5', { path, headers })).status).toBe(403);
    // Past the proxy nothing is believed, from an operator's address or with its name.
    expect((await ask(`http://127.0.0.1:${ports.docket}`, '127.0.0.5', { path, headers })).status).toBe(403);
  });

  it('the cookie is Secure for who speaks TLS to the proxy, and for nobody who only says so', async () => {
    const overTls = await ask(`https://localhost:${ports.tls}`, '127.0.0.6');
    expect(overTls.cookie).toMatch(/^__Host-docket=.*; Secure/);
    const headers = { 'X-Forwarded-Proto': 'https' };
    for (const address of [plain, `http://127.0.0.1:${ports.docket}`]) {
      const { cookie } = await ask(address, '127.0.0.6', { headers });
      expect(cookie).toMatch(/^docket=/);
      expect(cookie).not.toContain('Secure');
    }
  });

  it('the live socket opens', async () => {
    const { cookie } = await ask(plain, '127.0.0.8');
    const socket = new WebSocket(`${plain.replace('http', 'ws')}/api/live`, [LIVE_PROTOCOL], {
      localAddress: '127.0.0.8',
      family: 4,
      headers: { Origin: plain, Cookie: cookie.split(';', 1)[0] },
    });
    const opened = await new Promise<string>((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('error', ({ message }) => resolve(message));
    });
    socket.close();
    expect(opened).toBe('open');
  });
});
