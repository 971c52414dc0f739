import { setTimeout as sleep } from 'node:timers/promises';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { partHead, push, speak, uploadHead, type RawAnswer } from '../rooms/command-api/raw-http.ts';
import { expectThat } from '../drills/claims.ts';
import { stretched } from '../harness/machine-time.ts';
import type { Target, Targets } from './targets.ts';
import { codeIn, newVisitor } from './visitor.ts';

/** The number that the list requires. Half of the senders send headers slowly, the other half a body. */
const SENDERS = 500;
const ENDED_MS_MAX = 20_000;
const BODY_BYTE_EVERY_MS = 1_000;
const HEADER_BYTE_EVERY_MS = 10_000;
/** UPLOADS_IN_FLIGHT_MAX by default. */
const PLACES = 64;
/** Uploads of other clients beside the slow uploads. */
const HONEST = 5;
/** After two seconds, an upload has a measured speed. */
const PACE_KNOWN_MS = 3_000;
/** The speed of a body is checked once a second. */
const LOOKED_AT_EVERY_MS = 1_000;

/**
 * 500 connections of one address that send next to nothing: each is ended, and people elsewhere upload as ever. Then as
 * many senders as there are places, each just fast enough.
 */
export async function slowSenders(targets: Targets): Promise<string> {
  const target = await targets.own({ TRUST_PROXY: 'loopback', UPLOADS_IN_FLIGHT_MAX: String(PLACES) });
  const bodies = Array.from({ length: SENDERS / 2 }, () => dripping(target, bodyDrip));
  const headers = Array.from({ length: SENDERS / 2 }, () => dripping(target, headerDrip));
  await sleep(LOOKED_AT_EVERY_MS);
  await othersUpload(target);
  const ofBodies = await Promise.all(bodies);
  const ofHeaders = await Promise.all(headers);
  for (const [what, answers, statuses] of [
    // A body that gets no place, or loses its place to another body, gets a 503 earlier.
    ['a dripping body', ofBodies, [408, 503]],
    ['dripping headers', ofHeaders, [408]],
  ] as const) {
    const late = answers.filter(
      ({ status, ms }) => ms > stretched(ENDED_MS_MAX) || !statuses.includes(status as 408),
    );
    expectThat(late.length === 0, `${what} is ended within 20 s and told why`, late.slice(0, 3));
  }
  const timedOut = [...ofBodies, ...ofHeaders].filter(({ status }) => status === 408);
  const codes = new Set(timedOut.map(({ body }) => codeIn(body)));
  expectThat([...codes].join() === 'REQUEST_TIMEOUT', 'the answer says that the request took too long', [
    ...codes,
  ]);
  await justFastEnough(target);
  const longest = Math.max(...[...ofBodies, ...ofHeaders].map(({ ms }) => ms));
  return `${timedOut.length} told 408, ${SENDERS - timedOut.length} told 503, the last after ${(longest / 1000).toFixed(1)} s; beside them, and beside ${PLACES} senders of 1.1 KB a second, every upload from elsewhere 202`;
}

/** @throws DrillFailed when an upload from another address is not accepted at once */
async function othersUpload(target: Target): Promise<void> {
  const visitor = await newVisitor(target, { 'X-Forwarded-For': '198.51.100.7' });
  for (let n = 1; n <= HONEST; n += 1) {
    const { status, text } = await visitor.upload([{ name: `${n}.pdf`, bytes: somePdf() }]);
    expectThat(status === 202, `upload ${n} from another address is taken`, text);
  }
}

/** As many as there are places, each above the least pace: they may keep nobody out, of their own address either (ADR 0121). */
async function justFastEnough(target: Target): Promise<void> {
  let isOver = false;
  const senders = Array.from({ length: PLACES }, () =>
    dripping(target, async (send, end) => {
      await send(uploadHead(10_000_000));
      await send(`${partHead()}%PDF-1.7\n`);
      while (!isOver) {
        await send(' '.repeat(1_100));
        await sleep(1_000);
      }
      end();
    }),
  );
  try {
    await othersUpload(target);
    await sleep(PACE_KNOWN_MS);
    const visitor = await newVisitor(target);
    for (let n = 1; n <= HONEST; n += 1) {
      const { status, text } = await visitor.upload([{ name: `${n}.pdf`, bytes: somePdf() }]);
      expectThat(status === 202, `upload ${n} from the same address is taken`, text);
    }
  } finally {
    isOver = true;
    await Promise.all(senders);
  }
}

type Drip = (send: (text: string) => Promise<void>, end: () => void) => Promise<void>;

function dripping({ port }: Target, drip: Drip): Promise<RawAnswer> {
  return speak(port, (socket) =>
    drip(
      (text) => push(socket, text),
      () => void socket.destroy(),
    ),
  );
}

const headerDrip: Drip = async (send) => {
  await send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  for (;;) {
    await sleep(HEADER_BYTE_EVERY_MS);
    await send('a');
  }
};

const bodyDrip: Drip = async (send) => {
  await send(uploadHead(100_000));
  await send(`${partHead()}%PDF-1.7\n`);
  for (;;) {
    await sleep(BODY_BYTE_EVERY_MS);
    await send('x');
  }
};
