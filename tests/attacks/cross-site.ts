import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import type { AttackCategory } from './attack.ts';
import { trySocket } from './sockets.ts';
import type { Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';

const EVIL = 'https://evil.example';

async function foreignForm(targets: Targets): Promise<string> {
  const target = await targets.any();
  const visitor = await newVisitor(target);
  const asked: readonly Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site', Origin: EVIL },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: EVIL },
    { Origin: 'null' },
    { Origin: 'http://sub.localhost' },
    { 'Sec-Fetch-Site': 'none', Origin: EVIL },
  ];
  for (const headers of asked)
    for (const [method, path] of [
      ['POST', '/api/jobs'],
      ['POST', '/api/jobs/cancel'],
    ] as const) {
      const body = new FormData();
      body.append('files', new Blob([new Uint8Array(somePdf())], { type: 'application/pdf' }), 'a.pdf');
      const { status, code } = await visitor.ask(path, { method, headers, body });
      expectThat(status === 403 && code === 'FORBIDDEN', `${JSON.stringify(headers)} is 403`, [status, code]);
    }
  expectThat((await visitor.jobs()).length === 0, 'there is no job');
  return `${asked.length} kinds of foreign pages: 403 with the visitor's own cookie, no job`;
}

async function foreignSocket(targets: Targets): Promise<string> {
  const target = await targets.any();
  const cookie = (await newVisitor(target)).cookie();
  const own = `http://127.0.0.1:${target.port}`;
  for (const origin of [EVIL, 'null', `${own}.evil.example`, own.replace('http', 'https'), null]) {
    const headers = { cookie, ...(origin === null ? {} : { origin }) };
    const { status } = await trySocket(target, headers);
    expectThat(status === 403, `Origin ${origin} is 403 before the upgrade`, status);
  }
  const honest = await trySocket(target, { cookie, origin: own });
  honest.socket.terminate();
  expectThat(honest.status === 101, 'the page itself is let in', honest.status);
  return 'evil, null, look-alike, other scheme and no Origin: 403 before the upgrade';
}

async function foreignReader(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const origins = ['https://docket.example.evil.com', 'null', 'http://localhost', EVIL];
  const paths = ['/', '/api/jobs', '/api/me', '/api/mappings', '/nothing'];
  for (const origin of origins)
    for (const path of paths)
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await visitor.ask(path, {
          method,
          headers: {
            Origin: origin,
            'Access-Control-Request-Method': 'DELETE',
            'Access-Control-Request-Headers': 'content-type',
          },
        });
        const granted = [...headers.keys()].filter((name) => name.startsWith('access-control-'));
        expectThat(granted.length === 0, `${method} ${path} grants ${origin} nothing`, granted);
        const isKept = /public/.test(headers.get('cache-control') ?? '');
        expectThat(path !== '/api/jobs' || !isKept, 'no shared cache keeps it', headers.get('cache-control'));
      }
  return `${origins.length} origins at ${paths.length} addresses, preflights too: no Access-Control header`;
}

export const csrf: AttackCategory = {
  name: 'csrf',
  attacks: [{ id: 'A-CS01', title: 'a form of another site', cheap: true, run: foreignForm }],
};

export const cswsh: AttackCategory = {
  name: 'cswsh',
  attacks: [{ id: 'A-CS03', title: 'a socket from another site’s page', cheap: true, run: foreignSocket }],
};

export const cors: AttackCategory = {
  name: 'cors',
  attacks: [{ id: 'A-CS04', title: 'another site that wants to read', cheap: true, run: foreignReader }],
};
