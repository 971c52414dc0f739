import { startFaultProxy } from '../harness/fault-proxy.ts';
import { expectThat } from '../drills/claims.ts';
import { requestOf, tell } from './raw.ts';
import type { Target, Targets } from './targets.ts';
import { ask, newVisitor } from './visitor.ts';

const RATE_PER_MINUTE = 20;
const REQUESTS = 40;
/** A random secret, as production requires. Only instances of the attacks use it. */
const SECRET = '5d0c1f7e92ab4863c0d97be1f42a6580';

/**
 * Headers of unknown proxies change nothing, and headers of a named proxy count. An unknown proxy gives no access to
 * the console.
 */
export async function forwardedHeaders(targets: Targets): Promise<string> {
  await spoofed(await targets.any());
  const alone = await refusedOf(await targets.own({ REQUEST_RATE_PER_MINUTE: String(RATE_PER_MINUTE) }));
  expectThat(
    alone >= REQUESTS - RATE_PER_MINUTE,
    'made-up addresses count as the one that they come from',
    alone,
  );
  const named = await targets.own({
    REQUEST_RATE_PER_MINUTE: String(RATE_PER_MINUTE),
    TRUST_PROXY: 'loopback',
  });
  const apart = await refusedOf(named);
  expectThat(apart === 0, 'behind a named proxy each client has a limit of its own', apart);
  await behindUnknownProxy(targets);
  return `${REQUESTS} made-up addresses counted as one (${alone} times 429), with TRUST_PROXY as ${REQUESTS}; no operator, no Secure cookie, no other address or method by a header; production behind a proxy that nobody named: no operator`;
}

/** Sends many requests whose headers name as many addresses. Returns the number of refusals. */
async function refusedOf(target: Target): Promise<number> {
  const statuses: number[] = [];
  for (let n = 0; n < REQUESTS; n += 1) {
    const headers = { 'X-Forwarded-For': `198.51.100.${n}`, Forwarded: `for=203.0.113.${n}` };
    const { status, headers: answered } = await ask(target, '/api/limits', { headers });
    const says = Number(answered.get('retry-after')) > 0 && answered.has('ratelimit');
    expectThat(status === 200 || (status === 429 && says), '429 says how long to wait', status);
    statuses.push(status);
  }
  return statuses.filter((status) => status === 429).length;
}

async function spoofed(target: Target): Promise<void> {
  const visitor = await newVisitor(target);
  for (const name of ['X-Real-IP', 'X-Forwarded-For', 'Forwarded', 'Via', 'True-Client-IP']) {
    const { text } = await visitor.ask('/api/me', { headers: { [name]: '127.0.0.1' } });
    expectThat(text.includes('"operator":false'), `${name} makes no operator`, text);
  }
  const secure = await ask(target, '/api/jobs', { headers: { 'X-Forwarded-Proto': 'https' } });
  const cookie = secure.headers.getSetCookie().join();
  expectThat(!/Secure|__Host-/.test(cookie), 'X-Forwarded-Proto changes no cookie', cookie);
  const headers = { 'X-Original-URL': '/api/ops/jobs', 'X-Rewrite-URL': '/api/ops/jobs' };
  const rewritten = await visitor.ask('/api/limits', { headers });
  expectThat(rewritten.text.includes('maxUploadMb'), 'X-Original-URL leads nowhere', rewritten.text);
  const override = { 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE' };
  const overridden = await visitor.ask('/api/limits', { headers: override });
  expectThat(overridden.status === 200, 'a method of a header is none', overridden.status);
}

/** A proxy that adds no header and asks for 127.0.0.1, as nginx does unless it is told: everybody looks like this machine. */
async function behindUnknownProxy(targets: Targets): Promise<void> {
  const target = await targets.own({
    NODE_ENV: 'production',
    SESSION_SECRET: SECRET,
    PUBLIC_URL: 'https://docket.example',
  });
  const proxy = await startFaultProxy(target.port);
  try {
    for (const host of [`127.0.0.1:${target.port}`, 'localhost', 'docket.example'])
      for (const [path, right] of [
        ['/api/me', 200],
        ['/api/ops/jobs', 403],
        ['/api/dashboard', 403],
      ] as const) {
        const { status, body, head } = await tell(
          { ...target, port: proxy.port },
          requestOf(`GET ${path}`, { Host: host }),
        );
        const isOpen = status !== right || body.includes('"operator":true');
        expectThat(!isOpen, `${path} as ${host} is for operators`, body);
        expectThat(
          /^strict-transport-security: /im.test(head),
          'browsers are told to ask over TLS alone',
          head,
        );
      }
  } finally {
    await proxy.stop();
  }
}
