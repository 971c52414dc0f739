import { setTimeout as sleep } from 'node:timers/promises';
import { somePdf } from '../../command-api/testing/pdfs.ts';
import { partHead, push, speak, uploadHead, type RawAnswer } from '../../command-api/testing/raw-http.ts';
import { expectThat } from '../drills/claims.ts';
import { stretched } from '../harness/patience.ts';
import type { Targets } from './targets.ts';
import { codeIn, newVisitor } from './visitor.ts';

/** As many as the list asks for: half of them drip headers, half a body. */
const SENDERS = 500;
const ENDED_MS_MAX = 15_000;
const BODY_BYTE_EVERY_MS = 1_000;
const HEADER_BYTE_EVERY_MS = 10_000;
/** Node looks for late connections once a second, and the pace of a body is looked at as often. */
const LOOKED_AT_EVERY_MS = 1_000;

/** 500 connections that send next to nothing: each is ended, and an honest upload is taken meanwhile. */
export async function slowSenders(targets: Targets): Promise<string> {
  const { port, ...target } = await targets.any();
  const bodies = Array.from({ length: SENDERS / 2 }, () => dripping(port, bodyDrip));
  const headers = Array.from({ length: SENDERS / 2 }, () => dripping(port, headerDrip));
  await sleep(LOOKED_AT_EVERY_MS);
  const visitor = await newVisitor({ port, ...target });
  const honest = await visitor.upload([{ name: 'honest.pdf', bytes: somePdf() }]);
  expectThat(honest.status === 202, 'an honest upload is taken meanwhile', honest.text);
  const [ofBodies, ofHeaders] = [await Promise.all(bodies), await Promise.all(headers)];
  for (const [what, answers, statuses] of [
    // A body that gives its place to another one is told 503 earlier.
    ['a dripping body', ofBodies, [408, 503]],
    ['dripping headers', ofHeaders, [408]],
  ] as const) {
    const late = answers.filter(
      ({ status, ms }) => ms > stretched(ENDED_MS_MAX) || !statuses.includes(status as 408),
    );
    expectThat(late.length === 0, `${what} is ended within 15 s and told why`, late.slice(0, 3));
  }
  const timedOut = [...ofBodies, ...ofHeaders].filter(({ status }) => status === 408);
  const codes = new Set(timedOut.map(({ body }) => codeIn(body)));
  expectThat([...codes].join() === 'REQUEST_TIMEOUT', 'the answer says that the request took too long', [
    ...codes,
  ]);
  const longest = Math.max(...[...ofBodies, ...ofHeaders].map(({ ms }) => ms));
  return `${timedOut.length} told 408, ${SENDERS - timedOut.length} told 503, the last after ${(longest / 1000).toFixed(1)} s; an honest upload 202 meanwhile`;
}

type Drip = (send: (text: string) => Promise<void>) => Promise<void>;

function dripping(port: number, drip: Drip): Promise<RawAnswer> {
  return speak(port, (socket) => drip((text) => push(socket, text)));
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
