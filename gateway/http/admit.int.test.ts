import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type RunningGateway } from '../server.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TOKEN = 'a-token-of-this-test-and-no-other';
const SLOW_MS = 60_000;

/** Sends the request with node:http, because fetch sets some of these headers itself. */
function ask(gateway: RunningGateway, path: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number; code: string | undefined }>((resolve, reject) => {
    const asking = request(`${gateway.url}${path}`, { method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, code: (JSON.parse(body) as { code?: string }).code }),
      );
    });
    asking.on('error', reject);
    asking.end(method === 'POST' ? 'x' : undefined);
  });
}

describe('the door of the gateway', () => {
  let closed: RunningGateway;
  let open: RunningGateway;
  beforeAll(async () => {
    [closed, open] = await Promise.all([
      startGateway({ port: 0, children: 1, log: quiet, token: TOKEN }),
      startGateway({ port: 0, children: 1, log: quiet }),
    ]);
  }, SLOW_MS);
  afterAll(() => Promise.all([closed.close(), open.close()]));

  it.each(['GET /v1/mappings', 'GET /metrics', 'POST /v1/convert', 'POST /v1/explain', 'GET /nowhere'])(
    '%s needs the token',
    async (call) => {
      const [method = '', path = ''] = call.split(' ');
      const refused = { status: 401, code: 'TOKEN_REFUSED' };
      expect(await ask(closed, path, {}, method)).toEqual(refused);
      expect(await ask(closed, path, { Authorization: `Bearer ${TOKEN}x` }, method)).toEqual(refused);
      expect(await ask(closed, path, { Authorization: TOKEN }, method)).toEqual(refused);
    },
  );

  it('lets in who has the token, and says to everybody that it lives', async () => {
    const authorized = { Authorization: `Bearer ${TOKEN}` };
    expect(await ask(closed, '/v1/mappings', authorized)).toMatchObject({ status: 200 });
    expect(await ask(closed, '/health', {})).toMatchObject({ status: 200 });
  });

  it('tells a caller with the wrong token so when it asks for the health', async () => {
    expect(await ask(closed, '/health', { Authorization: 'Bearer wrong' })).toMatchObject({ status: 401 });
  });

  it.each([
    [{ Origin: 'https://evil.example' }],
    [{ Origin: 'null' }],
    [{ 'Sec-Fetch-Site': 'cross-site' }],
    [{ 'Sec-Fetch-Site': 'none' }],
    [{ Host: 'evil.example' }],
    [{ Host: 'evil.example:8080' }],
  ])('refuses the browser of %j, with the token and without', async (headers) => {
    const refused = { status: 403, code: 'BROWSER_REFUSED' };
    expect(await ask(open, '/v1/mappings', headers)).toEqual(refused);
    expect(await ask(open, '/health', headers)).toEqual(refused);
    expect(await ask(closed, '/v1/mappings', { ...headers, Authorization: `Bearer ${TOKEN}` })).toEqual(
      refused,
    );
  });

  it('does not open a port that others reach without a token', async () => {
    await expect(startGateway({ port: 0, host: '0.0.0.0', log: quiet })).rejects.toThrow('GATEWAY_TOKEN');
  });
});
