import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { createIdentity } from '../../identity/middleware.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createApp, endWithJsonErrors } from '../../runtime/http/app.ts';
import { createLog } from '../../runtime/log/log.ts';
import { webRoutes } from './web-routes.ts';
import { loadWebFiles } from './web-files.ts';

const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2_000))})`;
let directory: string;
const app = createApp();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'docket-web-'));
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>Docket</title>');
  await writeFile(join(directory, 'icon.svg'), '<svg/>');
  await writeFile(join(directory, '.stamp'), 'secret');
  await writeFile(join(directory, 'assets', 'index-AbCd_123.js'), SCRIPT);
  const identity = createIdentity({
    settings: { HOST: '127.0.0.1', PORT: 8080, OPS_ACCESS: 'off' },
    clock: systemClock,
    secrets: ['a secret for tests that is long enough to be one'],
  });
  const files = await loadWebFiles(directory);
  app.use(webRoutes(files, identity.middleware, () => ['ws://127.0.0.1:8080']));
  endWithJsonErrors(app, createLog('test', 'silent'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the web app', () => {
  it('comes with a session and a policy that lets nothing inline and nothing foreign in', async () => {
    const answer = await request(app).get('/').expect(200);
    expect(answer.text).toContain('Docket');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^docket=.*HttpOnly; SameSite=Lax/);
    expect(answer.headers['cache-control']).toBe('private, no-cache');
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
        "connect-src 'self' ws://127.0.0.1:8080; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
  });

  it('answers every address of the page’s own router', async () => {
    const job = 'jobs/0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';
    for (const path of ['/', '/ops', '/ops/', `/${job}`, `/ops/${job}`])
      await request(app)
        .get(path)
        .expect(200, /Docket/);
  });

  it('answers a deep link with the page, and an API address never', async () => {
    await request(app)
      .get('/jobs/0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11')
      .expect(200, /Docket/);
    for (const path of [
      '/api/nothing',
      '/api/jobs/1/download/x.css',
      '/health',
      '/assets/',
      '/x.php',
      '/.env',
      '/healthz',
      '/docs',
      '/.git/config',
      '/jobs',
      '/jobs/1',
      '/ops/nothing',
    ]) {
      const answer = await request(app).get(path).expect(404);
      expect(answer.body.error.code).toBe('NOT_FOUND');
    }
  });

  it('lets hashed files be kept for ever, without a cookie, compressed [R13.06]', async () => {
    const answer = await request(app)
      .get('/assets/index-AbCd_123.js')
      .set('Accept-Encoding', 'br')
      .buffer(true)
      .parse((response, done) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done(null, Buffer.concat(chunks)));
      })
      .expect(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      'content-type': 'text/javascript; charset=utf-8',
    });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(String(answer.body)).toBe(SCRIPT);
    await request(app)
      .get('/assets/index-AbCd_123.js')
      .set('If-None-Match', String(answer.headers['etag']))
      .expect(304);
  });

  it.each([
    '/..%2f..%2fetc%2fpasswd',
    '/assets/..%2f..%2f.stamp',
    '/.stamp',
    '//etc/passwd.txt',
    '/%00.js',
    '/%E0%A4%A',
  ])('gives nothing at %s', async (path) => {
    const answer = await request(app).get(path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain('secret');
    expect(answer.body.error.code).toMatch(/NOT_FOUND|BAD_REQUEST/);
  });

  it('says plainly that it was not built', async () => {
    await expect(loadWebFiles(join(directory, 'assets'))).rejects.toThrow('index.html is missing');
    await expect(loadWebFiles(join(directory, 'nowhere'))).rejects.toThrow('no built web app');
  });
});
