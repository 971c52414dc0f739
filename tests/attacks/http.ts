import { expectThat } from '../drills/claims.ts';
import type { AttackCategory } from './attack.ts';
import { forwardedHeaders } from './proxies.ts';
import { requestOf, tell } from './raw.ts';
import type { Targets } from './targets.ts';
import { ask, newVisitor } from './visitor.ts';

const EVIL = 'evil.example';
const POST =
  'POST /api/jobs/retry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n';

/** Requests that two servers in a row could read differently, each with its right statuses. */
const SMUGGLED: Readonly<Record<string, readonly [request: string, statuses: readonly number[]]>> = {
  'Content-Length and chunked': [
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    [400],
  ],
  'two Content-Lengths': [`${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, [400]],
  'a folded header': [
    'GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\nConnection: close\r\n\r\n',
    [400],
  ],
  'bare line feeds': ['GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n', [400]],
  'a header of 20 KB': [requestOf('GET /', { 'X-Long': 'a'.repeat(20_000) }), [431]],
  'no Host': ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', [400]],
  'two Hosts': [`GET / HTTP/1.1\r\nHost: localhost\r\nHost: ${EVIL}\r\nConnection: close\r\n\r\n`, [400]],
  'a bad chunk': [`${POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n`, [400]],
  'a chunk size with a sign': [`${POST}Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n`, [400]],
  'an unknown encoding': [`${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, [400, 501]],
  'a space before the colon': ['GET / HTTP/1.1\r\nHost : localhost\r\nConnection: close\r\n\r\n', [400]],
  'a NUL in a header': ['GET / HTTP/1.1\r\nHost: localhost\r\nX-A: \0\r\nConnection: close\r\n\r\n', [400]],
  TRACE: [requestOf('TRACE /'), [405]],
  CONNECT: [requestOf(`CONNECT ${EVIL}:443`), [405]],
  PUT: [requestOf('PUT /api/jobs'), [405]],
  'HTTP/2 without TLS': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
};

async function smuggling(targets: Targets): Promise<string> {
  const target = await targets.any();
  for (const [what, [request, statuses]] of Object.entries(SMUGGLED)) {
    const { status, code, head } = await tell(target, request);
    expectThat(
      statuses.includes(status) && code !== null,
      `${what} is ${statuses.join(' or ')} as JSON`,
      head,
    );
  }
  const absolute = await tell(target, requestOf(`GET http://${EVIL}/api/limits`));
  const isOurs = absolute.status === 404 || absolute.body.includes('maxUploadMb');
  expectThat(isOurs, 'an absolute address is answered here and passed on to nobody', absolute.head);
  return `${Object.keys(SMUGGLED).length} requests: 400, 405 or 431 as JSON; an absolute address is answered by Docket itself`;
}

async function foreignHost(targets: Targets): Promise<string> {
  const target = await targets.any();
  for (const path of ['/', '/jobs', '/api/jobs', '/api/limits', '/api/mappings', '/nothing', '/ops'])
    for (const headers of [{ Host: EVIL }, { 'X-Forwarded-Host': EVIL }, { Forwarded: `host=${EVIL}` }]) {
      const { head, body } = await tell(target, requestOf(`GET ${path}`, headers));
      expectThat(!`${head}${body}`.includes(EVIL), `${path} names the host of nobody's choice`, head);
    }
  const write = await tell(
    target,
    requestOf('POST /api/jobs/retry', { Host: EVIL, Origin: `http://${EVIL}`, 'Content-Length': '0' }),
  );
  expectThat(write.status === 403, 'a page under that name may not write', write.head);
  const console = await tell(target, requestOf('GET /api/me', { Host: EVIL }));
  expectThat(console.body.includes('"operator":false'), 'and is no operator', console.body);
  return 'in no answer, cookie or link; may not write; no operator';
}

/** Paths of the health port, of other programs, or of a folder that was published by mistake. */
const NOT_PUBLIC = [
  '/metrics',
  '/ready',
  '/health',
  '/healthz',
  '/docs',
  '/.git/config',
  '/.env',
  '/package.json',
  '/connections.json',
  '/..%2f..%2fetc%2fpasswd',
  '/assets/..%2findex.html',
  '/index.html.bak',
];

async function cacheDeception(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const paths = [
    '/api/jobs/1/download/x.css',
    '/api/jobs/x.css',
    '/api/jobs.css',
    '/api/me/x.js',
    '/api/jobs/;x.css',
  ];
  for (const path of paths) {
    const { status, headers } = await visitor.ask(path);
    const control = headers.get('cache-control') ?? '';
    expectThat(status === 404 && /no-store/.test(control), `${path} is 404 and kept by nobody`, [
      status,
      control,
    ]);
  }
  for (const path of ['/api/jobs', '/api/me', '/api/jobs/metrics']) {
    const { headers } = await visitor.ask(path);
    expectThat(headers.get('cache-control') === 'private, no-store', `${path} is kept by nobody`);
  }
  for (const path of NOT_PUBLIC) {
    const { status } = await visitor.ask(path);
    expectThat(status === 404, `${path} is 404 at the public port`, status);
  }
  const page = await ask(await targets.any(), '/');
  expectThat(/private/.test(page.headers.get('cache-control') ?? ''), 'the page with its session is private');
  return `${paths.length} addresses that look like files: 404, no-store; answers private, no-store; the page private; ${NOT_PUBLIC.length} addresses of other things: 404`;
}

export const http: AttackCategory = {
  name: 'http',
  attacks: [
    { id: 'A-HT01', title: 'requests that two servers read differently', cheap: true, run: smuggling },
    { id: 'A-HT02', title: 'another name in Host', cheap: true, run: foreignHost },
    { id: 'A-HT04', title: 'headers of proxies that nobody named', run: forwardedHeaders },
    { id: 'A-HT05', title: 'answers under names that caches keep', cheap: true, run: cacheDeception },
  ],
};
