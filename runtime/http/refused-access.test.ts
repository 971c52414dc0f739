import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ApiError } from './api-error.ts';
import { createApp, endWithJsonErrors } from './app.ts';
import { clientReader } from './client.ts';
import { createLog } from '../log/log.ts';
import { logRefusedAccess } from './refused-access.ts';
import type { ApiErrorCode } from '../../schemas/errors/error-codes.ts';

function appWithLog() {
  const lines: Record<string, unknown>[] = [];
  const clock = { ms: 0 };
  const app = createApp();
  const log = { warn: (line: object) => void lines.push(line as Record<string, unknown>) };
  app.use(
    logRefusedAccess({ log: log as never, readClient: clientReader('loopback'), nowMs: () => clock.ms }),
  );
  app.get('/cookie', (_req, res) => {
    res.locals['hasBadCookie'] = true;
    res.json({});
  });
  app.get('/:code', (req) => {
    throw new ApiError(req.params.code as ApiErrorCode);
  });
  endWithJsonErrors(app, createLog('test', 'silent'));
  const ask = (path: string) => request(app).get(path).set('X-Forwarded-For', '198.51.100.4');
  return { ask, lines, clock };
}

describe('refused access', () => {
  it.each(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'])(
    '%s is a line with request id, the client’s own address and the reason',
    async (code) => {
      const { ask, lines } = appWithLog();
      const answer = await ask(`/${code}`);
      expect(lines).toEqual([
        { requestId: answer.get('X-Request-Id'), address: '198.51.100.4', reason: code, method: 'GET' },
      ]);
    },
  );

  it('is a line for a job that is not there for who asks, and for a cookie that is none', async () => {
    const { ask, lines } = appWithLog();
    await ask('/api/jobs/0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11/download');
    await ask('/cookie');
    expect(lines.map(({ reason }) => reason)).toEqual(['NOT_FOUND', 'BAD_COOKIE']);
  });

  it('is none of a bad request and of a page that is not there', async () => {
    const { ask, lines } = appWithLog();
    await ask('/BAD_REQUEST');
    await ask('/nothing/here');
    expect(lines).toEqual([]);
  });

  it('is at most ten lines a second, and the next one says how many were left out', async () => {
    const { ask, lines, clock } = appWithLog();
    for (let n = 0; n < 13; n += 1) await ask('/FORBIDDEN');
    expect(lines).toHaveLength(10);
    clock.ms = 1_000;
    await ask('/FORBIDDEN');
    expect(lines.at(-1)).toMatchObject({ leftOut: 3 });
  });
});

describe('a request with two Host lines', () => {
  it('is 400 [A-HT01]', async () => {
    const { createServer, get } = await import('node:http');
    const app = createApp();
    endWithJsonErrors(app, createLog('test', 'silent'));
    const server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = ['Host', 'localhost', 'Host', 'evil.example'];
      get({ host: '127.0.0.1', port, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    server.close();
    expect(status).toBe(400);
  });
});
