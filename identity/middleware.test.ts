import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { systemClock } from '../runtime/clock.ts';
import { createApp, endWithJsonErrors } from '../runtime/http/app.ts';
import { createLog } from '../runtime/log/log.ts';
import { createIdentity, ownerOf } from './middleware.ts';

function appBehindIdentity(publicUrl?: string, trustProxy?: string) {
  const identity = createIdentity({
    settings: {
      HOST: '127.0.0.1',
      PORT: 0,
      PUBLIC_URL: publicUrl,
      OPS_ACCESS: 'loopback',
      TRUST_PROXY: trustProxy,
    },
    secrets: ['a secret of at least thirty-two characters'],
    clock: systemClock,
  });
  const app = createApp();
  app.use(identity.middleware, identity.middleware);
  app.get('/ops', identity.operatorsOnly, (_req, res) => void res.json({}));
  app.all('/who', (_req, res) => void res.json({ owner: ownerOf(res) }));
  endWithJsonErrors(app, createLog('test', 'silent'));
  return { app, identity };
}

describe('the identity middleware', () => {
  it('gives a request without a cookie one fresh session, and knows it again', async () => {
    const { app } = appBehindIdentity();
    const first = await request(app).get('/who');
    const cookies = first.get('Set-Cookie') ?? [];
    expect(cookies).toHaveLength(1);
    const cookie = cookies[0]!.split(';')[0]!;
    const again = await request(app).get('/who').set('Cookie', cookie);
    expect(again.body.owner).toBe(first.body.owner);
    expect(again.get('Set-Cookie')).toBeUndefined();
  });

  it.each(['docket=known', 'docket=a; docket=b', 'docket=v1.AAAAAAAAAAAAAAAAAAAAAA.abc.def'])(
    'ignores %s and issues a fresh id [A-SE01]',
    async (cookie) => {
      const { app } = appBehindIdentity();
      const answer = await request(app).get('/who').set('Cookie', cookie);
      expect(answer.get('Set-Cookie')).toHaveLength(1);
      expect(answer.body.owner).toMatch(/^[A-Za-z0-9_-]{22}$/);
    },
  );

  it('names the cookie __Host-docket and marks it Secure when the public address is https', async () => {
    const { app } = appBehindIdentity('https://docket.example');
    const answer = await request(app).get('/who');
    expect(answer.get('Set-Cookie')?.[0]).toMatch(
      /^__Host-docket=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('marks the cookie Secure where a proxy of TRUST_PROXY took the request over TLS, and only there', async () => {
    const { app } = appBehindIdentity(undefined, 'loopback');
    const overTls = await request(app).get('/who').set('X-Forwarded-Proto', 'https');
    expect(overTls.get('Set-Cookie')?.[0]).toMatch(/^__Host-docket=.*; Secure/);
    const cookie = (overTls.get('Set-Cookie') ?? [])[0]!.split(';')[0]!;
    const again = await request(app).get('/who').set('X-Forwarded-Proto', 'https').set('Cookie', cookie);
    expect(again.body.owner).toBe(overTls.body.owner);
    const unnamed = await request(appBehindIdentity().app).get('/who').set('X-Forwarded-Proto', 'https');
    expect(unnamed.get('Set-Cookie')?.[0]).toMatch(/^docket=/);
  });

  it('refuses a change asked for by another site as JSON, before there is a session [A-CS01]', async () => {
    const { app } = appBehindIdentity();
    const answer = await request(app).post('/who').set('Sec-Fetch-Site', 'cross-site');
    expect(answer.status).toBe(403);
    expect(answer.body.error.code).toBe('FORBIDDEN');
    expect(answer.get('Set-Cookie')).toBeUndefined();
  });

  it('lets a program on this machine operate, and no page of another site', async () => {
    const { app } = appBehindIdentity();
    expect((await request(app).get('/ops')).status).toBe(200);
    const foreign = await request(app).get('/ops').set('Host', 'evil.example');
    expect([foreign.status, foreign.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('never issues a session to a socket, and reads the one it brings [A-CS03]', async () => {
    const { app, identity } = appBehindIdentity();
    const first = await request(app).get('/who');
    const cookie = (first.get('Set-Cookie') ?? [])[0]!.split(';')[0]!;
    const upgrade = (headers: object) => ({ headers, socket: { localPort: 80 } }) as never;
    expect(identity.ownerOfUpgrade(upgrade({ cookie }))).toBe(first.body.owner);
    expect(identity.ownerOfUpgrade(upgrade({}))).toBeNull();
    expect(identity.mayOpenSocket(upgrade({ origin: 'http://localhost' }))).toBe(true);
    expect(identity.mayOpenSocket(upgrade({ origin: 'https://evil.example' }))).toBe(false);
  });
});
