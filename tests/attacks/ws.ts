import type { WebSocket } from 'ws';
import { LIVE_CLOSE, LIVE_LIMITS } from '../../schemas/protocols/live-protocol.ts';
import { expectThat } from '../drills/claims.ts';
import type { LiveTester } from '../harness/live-tester.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import { stretched } from '../harness/machine-time.ts';
import type { AttackCategory } from './attack.ts';
import { openSocket, trySocket, type Tried } from './sockets.ts';
import type { Target, Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';

const CLOSED_MS_MAX = 10_000;
const { tooBig, policy, invalidText, tooManyMessages, badFrame, unsupportedData } = LIVE_CLOSE;

const FLOODS: Readonly<
  Record<string, readonly [send: (socket: WebSocket) => void, codes: readonly number[]]>
> = {
  'a frame of 1 MB': [(socket) => socket.send('x'.repeat(2 ** 20)), [tooBig]],
  'thousands of tiny frames': [
    (socket) => repeat(5_000, () => socket.send('{"type":"pong"}')),
    [tooManyMessages],
  ],
  'fragments without an end': [
    (socket) => repeat(1_000, () => socket.send('x', { fin: false })),
    [policy, tooBig],
  ],
  'invalid UTF-8': [(socket) => socket.send(Buffer.of(0xff, 0xfe), { binary: false }), [invalidText]],
  'a flood of pings': [(socket) => repeat(1_000, () => socket.ping()), [tooManyMessages]],
  'a binary frame': [(socket) => socket.send(Buffer.of(1, 2, 3)), [unsupportedData]],
  'no frame of the protocol': [(socket) => socket.send('{"type":"admin"}'), [badFrame]],
};

function repeat(times: number, act: () => void): void {
  for (let n = 0; n < times; n += 1) act();
}

async function floods(targets: Targets): Promise<string> {
  const target = await targets.any();
  const seen: string[] = [];
  for (const [what, [send, codes]] of Object.entries(FLOODS)) {
    const tester = await openSocket(target, await newVisitor(target));
    send(tester.socket);
    const code = await closeCode(tester, what);
    expectThat(codes.includes(code), `${what} ends the socket with ${codes.join(' or ')}`, code);
    seen.push(`${what} ${code}`);
  }
  return seen.join(', ');
}

async function closeCode(tester: LiveTester, what: string): Promise<number> {
  const late = new Promise<never>((_resolve, reject) =>
    setTimeout(() => reject(new Error(`${what}: still open`)), stretched(CLOSED_MS_MAX)).unref(),
  );
  return Promise.race([tester.closed, late]);
}

async function manySockets(targets: Targets): Promise<string> {
  const target = await targets.own();
  const origin = `http://127.0.0.1:${target.port}`;
  const tries: Tried[] = [];
  try {
    const greedy = await newVisitor(target);
    for (let n = 0; n <= LIVE_LIMITS.socketsPerOwnerMax; n += 1)
      tries.push(await trySocket(target, { cookie: greedy.cookie(), origin }));
    const last = tries.at(-1)!;
    const isRefused = last.status === 429 && Number(last.retryAfter) > 0;
    expectThat(isRefused, 'an owner’s eleventh socket is 429 with Retry-After', [
      last.status,
      last.retryAfter,
    ]);
    for (let n = 0; n < 100; n += 1) {
      const { cookie } = await newVisitor(target);
      tries.push(await trySocket(target, { cookie: cookie(), origin }));
    }
    const open = tries.filter(({ status }) => status === 101).length;
    const refused = tries.filter(({ status, retryAfter }) => status === 429 && Number(retryAfter) > 0).length;
    expectThat(open === 50 && refused === tries.length - 50, 'an address has 50 sockets', [open, refused]);
  } finally {
    for (const { socket } of tries) socket.terminate();
  }
  const subscriber = await openSocket(target, await newVisitor(target));
  for (let id = 1; id <= 1_000; id += 1) subscriber.send({ type: 'subscribe', id, topic: 'jobs' });
  const code = await closeCode(subscriber, 'a thousand subscriptions');
  expectThat(
    [policy, tooManyMessages].includes(code as 1008),
    'a thousand subscriptions end the socket',
    code,
  );
  return `an owner's eleventh and an address's 51st socket: 429 with Retry-After; 1,000 subscriptions: closed with ${code}`;
}

async function foreignTopics(targets: Targets): Promise<string> {
  const target = await targets.own({ OPS_ACCESS: 'off' });
  const owner = await newVisitor(target);
  const stranger = await newVisitor(target);
  const bytes = await pdfOf([`seen by one ${Date.now()}`]);
  const { jobId } = await owner.upload([{ name: 'secret.pdf', bytes }], { mapping: 'text_layout_v1' });
  await owner.finalJob(jobId!);
  const token = await tokenOf(target, owner);
  const tester = await openSocket(target, stranger);
  const topics = [`job:${jobId}`, '*', 'ops:jobs', 'ops:metrics', 'jobs:*', '__proto__'];
  for (const [at, topic] of topics.entries()) {
    tester.send({ type: 'subscribe', id: at + 1, topic });
    const { code } = await tester.frame('error', ({ id }) => id === at + 1);
    expectThat(code === 'NOT_FOUND', `${topic} is NOT_FOUND`, code);
  }
  tester.socket.close();
  const forged = (position: bigint): string => {
    const payload = Buffer.alloc(8);
    payload.writeBigInt64BE(position);
    return payload.toString('base64url');
  };
  const tokens = [
    token,
    forged(-1n),
    forged(2n ** 63n - 1n),
    '18446744073709551616',
    `${token.slice(0, -2)}AA`,
  ];
  for (const given of tokens) {
    const other = await openSocket(target, stranger);
    other.send({ type: 'subscribe', id: 1, topic: 'jobs', token: given });
    const { reason } = await other.frame('reset');
    const { rows } = await other.frame('snapshot');
    expectThat(reason === 'invalid' && rows.length === 0, 'it starts over with its own rows', [reason, rows]);
    other.socket.close();
  }
  return `${topics.length} topics that are not the visitor's: NOT_FOUND; ${tokens.length} foreign and forged tokens: reset and a snapshot of the visitor's own`;
}

async function tokenOf(target: Target, visitor: Awaited<ReturnType<typeof newVisitor>>): Promise<string> {
  const tester = await openSocket(target, visitor);
  tester.send({ type: 'subscribe', id: 1, topic: 'jobs' });
  const { token, rows } = await tester.frame('snapshot');
  expectThat(rows.length === 1, 'the owner sees the job', rows.length);
  tester.socket.close();
  return token;
}

export const ws: AttackCategory = {
  name: 'ws',
  attacks: [
    { id: 'A-WS01', title: 'floods of frames, fragments and pings', cheap: true, run: floods },
    { id: 'A-WS03', title: 'many sockets and subscriptions of one', run: manySockets },
    { id: 'A-WS04', title: 'topics and bookmarks of others', run: foreignTopics },
  ],
};
