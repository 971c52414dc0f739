import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { uploadTo } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import {
  chunkOf,
  FORM_END,
  partHead,
  push,
  speak,
  uploadHead,
} from '../../tests/rooms/command-api/raw-http.ts';
import { startWriteSide, type RunningWriteSide } from '../../tests/rooms/command-api/write-side.ts';

const MiB = 1024 * 1024;
let store: TestEventStore;
let side: RunningWriteSide;
beforeAll(async () => {
  store = await startTestEventStore();
  const env = { MAX_UPLOAD_MB: '2', UPLOAD_IDLE_TIMEOUT_MS: '1000', MAX_FILES_PER_REQUEST: '5' };
  side = await startWriteSide({ connectionString: store.connectionString, env });
});
afterAll(async () => {
  await side.stop();
  await store.stop();
});

const codeIn = (body: string): unknown => (JSON.parse(body) as { error?: { code?: unknown } }).error?.code;
const send = (body: string | Buffer, contentType = 'multipart/form-data; boundary=b') =>
  fetch(`${side.url}/api/jobs`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'Content-Type': contentType },
  });

/** Checks that nothing was stored, and that no partial file is left. */
async function nothingIsLeft(): Promise<void> {
  let left: string[] = [];
  for (let tries = 0; tries < 100; tries += 1) {
    left = await readdir(join(side.blobDirectory, '.partial'));
    for await (const { key } of side.blobs.list('')) left.push(key);
    if (left.length === 0) return;
    await sleep(20);
  }
  expect(left).toEqual([]);
}

describe('a form that is none', () => {
  const pdf = somePdf().toString('latin1');
  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const longHeader = `X-Long: ${'x'.repeat(100_000)}\r\n`;

  it.each([
    ['without its final boundary [A-UP10]', `${partHead()}${pdf}`],
    ['empty [A-UP10]', ''],
    ['of another boundary [A-UP10]', `--other\r\n\r\n${pdf}\r\n--other--\r\n`],
    ['without a file', `${field('mapping', 'other_v1')}--b--\r\n`],
    ['with 10,000 fields [A-UP09]', `${field('mapping', 'x').repeat(10_000)}--b--\r\n`],
    ['with 10,000 files [A-UP09]', `${`${partHead()}x\r\n`.repeat(10_000)}--b--\r\n`],
    ['with a field name of 1 MB [A-UP09]', `${field('n'.repeat(1_000_000), 'x')}--b--\r\n`],
    ['with a field value of 1 MB [A-UP09]', `${field('mapping', 'x'.repeat(1_000_000))}--b--\r\n`],
    [
      'with a part header of 100 KB before its name [A-UP09]',
      `--b\r\n${longHeader}${partHead().slice(5)}${pdf}${FORM_END}`,
    ],
    ['with a field __proto__ [A-PP01]', `${field('__proto__', 'x')}${partHead()}${pdf}${FORM_END}`],
    ['with a file in a field that is not known', `${partHead('avatar')}${pdf}${FORM_END}`],
    ['with two mappings', `${field('mapping', 'other_v1').repeat(2)}${partHead()}${pdf}${FORM_END}`],
    [
      'with a form inside the form [A-UP10]',
      `--b\r\nContent-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n`,
    ],
  ])('%s is 400, and nothing is left', async (_what, body) => {
    const answer = await send(body);
    expect([answer.status, codeIn(await answer.text())]).toEqual([400, 'BAD_REQUEST']);
    await nothingIsLeft();
  });

  it.each([
    ['multipart/form-data', 'no boundary'],
    [`multipart/form-data; boundary=${'b'.repeat(200)}`, 'a boundary of 200 characters'],
    ['multipart/form-data; boundary=', 'an empty boundary'],
  ])('with the type %.40s (%s) is 400 [A-UP10]', async (contentType) => {
    const answer = await send(`${partHead()}${pdf}${FORM_END}`, contentType);
    expect([answer.status, codeIn(await answer.text())]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('a body of another type', () => {
  it.each([
    'multipart/mixed; boundary=b',
    'application/x-www-form-urlencoded',
    'application/json',
    'text/plain',
  ])('%s is 415', async (contentType) => {
    const answer = await send(`${partHead()}x${FORM_END}`, contentType);
    expect([answer.status, codeIn(await answer.text())]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

describe('a file past the limit', () => {
  it('by no byte is taken, by one byte is 413 as JSON [A-UP06] [R01.01]', async () => {
    const exact = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf(2 * MiB) }]));
    expect(exact.status).toBe(202);
    const over = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf(2 * MiB + 1) }]));
    expect([over.status, over.body.error?.code]).toEqual([413, 'TOO_LARGE']);
    expect(over.body.error?.message).toContain('2 MB');
    for await (const { key } of side.blobs.list('')) await side.blobs.remove(key);
    await nothingIsLeft();
  });

  it('sinks no other file of the form', async () => {
    const files = [1000, 3 * MiB, 1000].map((bytes, index) => ({
      name: `${index}.pdf`,
      bytes: somePdf(bytes),
    }));
    const { status, body } = await uploadTo(side, formOf(files));
    expect(status).toBe(202);
    expect(body.results.map(({ error, state }) => error?.code ?? state)).toEqual([
      'queued',
      'TOO_LARGE',
      'queued',
    ]);
    for await (const { key } of side.blobs.list('')) await side.blobs.remove(key);
  });

  it('that never ends is 413 soon, and its sender sees the answer [A-UP07]', async () => {
    const piece = chunkOf(Buffer.alloc(64 * 1024, '% endless\n'));
    const answer = await speak(side.port, async (socket) => {
      await push(socket, uploadHead(null));
      await push(socket, chunkOf(`${partHead()}%PDF-1.7\n1 0 obj\n`));
      for (;;) await push(socket, piece);
    });
    expect([answer.status, answer.ended]).toEqual([413, 'answered']);
    expect(codeIn(answer.body)).toBe('TOO_LARGE');
    expect(answer.ms).toBeLessThan(5_500);
    await nothingIsLeft();
  });

  it('that comes after a good one in an endless form leaves the good one a job when the mapping is known', async () => {
    const piece = chunkOf(Buffer.alloc(64 * 1024, '% endless\n'));
    const mapping = '--b\r\nContent-Disposition: form-data; name="mapping"\r\n\r\nother_v1\r\n';
    const answer = await speak(side.port, async (socket) => {
      await push(socket, uploadHead(null));
      await push(socket, chunkOf(`${mapping}${partHead()}${somePdf().toString('latin1')}\r\n`));
      await push(socket, chunkOf(`${partHead()}%PDF-1.7\n1 0 obj\n`));
      for (;;) await push(socket, piece);
    });
    expect(answer.status).toBe(202);
    const { results } = JSON.parse(answer.body) as {
      results: { state?: string; error?: { code: string } }[];
    };
    expect(results.map(({ state, error }) => state ?? error?.code)).toEqual(['queued', 'TOO_LARGE']);
    for await (const { key } of side.blobs.list('')) await side.blobs.remove(key);
  });

  it('by its Content-Length alone is 413 before the body is read [A-UP06]', async () => {
    const answer = await speak(side.port, (socket) => push(socket, uploadHead(200 * MiB)));
    expect([answer.status, codeIn(answer.body)]).toEqual([413, 'TOO_LARGE']);
    expect(answer.ms).toBeLessThan(1_000);
  });

  it('refused early still lets a sender that goes on writing see the answer [A-UP06]', async () => {
    const piece = Buffer.alloc(64 * 1024);
    const answer = await speak(side.port, async (socket) => {
      await push(socket, uploadHead(30 * MiB, 'Origin: https://evil.example\r\n'));
      for (let sent = 0; sent < 30 * MiB; sent += piece.length) await push(socket, piece);
    });
    expect([answer.status, codeIn(answer.body), answer.ended]).toEqual([403, 'FORBIDDEN', 'answered']);
  });
});

describe('a sender that does not keep up', () => {
  const aborted = async (): Promise<number> =>
    (await side.metrics.getSingleMetric('docket_upload_aborted_total')?.get())?.values[0]?.value ?? 0;

  it('by going away at 99 % leaves no job and no blob, and is counted [A-UP13]', async () => {
    const before = await aborted();
    const pdf = somePdf(MiB);
    await speak(side.port, async (socket) => {
      await push(socket, uploadHead(pdf.length + 1000));
      await push(socket, partHead());
      await push(socket, pdf.subarray(0, Math.floor(pdf.length * 0.99)));
      await sleep(100);
      socket.destroy();
    });
    await nothingIsLeft();
    for (let tries = 0; tries < 50 && (await aborted()) === before; tries += 1) await sleep(20);
    expect(await aborted()).toBe(before + 1);
  });

  it('by falling silent is 408 and ended [A-UP12]', async () => {
    const answer = await speak(side.port, async (socket) => {
      await push(socket, uploadHead(100_000));
      await push(socket, `${partHead()}%PDF-1.7\n`);
    });
    expect([answer.status, codeIn(answer.body)]).toEqual([408, 'REQUEST_TIMEOUT']);
    expect(answer.ms).toBeLessThan(4_000);
    await nothingIsLeft();
  });

  it('by dripping a byte at a time is ended as well, and others are served meanwhile [A-UP12]', async () => {
    const drip = speak(side.port, async (socket) => {
      await push(socket, uploadHead(100_000));
      await push(socket, `${partHead()}%PDF-1.7\n`);
      for (;;) {
        await push(socket, 'x');
        await sleep(50);
      }
    });
    const other = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf() }]));
    expect(other.status).toBe(202);
    const answer = await drip;
    expect([answer.status, answer.ms < 5_000]).toEqual([408, true]);
    for await (const { key } of side.blobs.list('')) await side.blobs.remove(key);
    await nothingIsLeft();
  });

  it('just fast enough, from many connections at once, does not keep others out [A-UP12]', async () => {
    const places = 8;
    const narrow = await startWriteSide({
      connectionString: store.connectionString,
      env: { UPLOADS_IN_FLIGHT_MAX: String(places) },
    });
    let isOver = false;
    const dripping = Array.from({ length: places }, () =>
      speak(narrow.port, async (socket) => {
        await push(socket, uploadHead(10_000_000));
        await push(socket, `${partHead()}%PDF-1.7\n`);
        while (!isOver) {
          await push(socket, Buffer.alloc(1_100, ' '));
          await sleep(1_000);
        }
        socket.destroy();
      }),
    );
    try {
      // The speed of an upload is known after two seconds.
      await sleep(3_000);
      for (let n = 0; n < places + 2; n += 1) {
        const honest = await uploadTo(narrow, formOf([{ name: 'a.pdf', bytes: somePdf() }]));
        expect(honest.status).toBe(202);
      }
      const firstEnded = await Promise.race(dripping);
      expect([firstEnded.status, codeIn(firstEnded.body)]).toEqual([503, 'UNAVAILABLE']);
    } finally {
      isOver = true;
      await Promise.all(dripping);
      await narrow.stop();
    }
  });

  it('in a small JSON body is ended too', async () => {
    const answer = await speak(side.port, (socket) =>
      push(
        socket,
        'POST /api/jobs/retry HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      ),
    );
    expect([answer.status, codeIn(answer.body)]).toEqual([408, 'REQUEST_TIMEOUT']);
    expect(answer.ms).toBeLessThan(7_000);
  });
});
