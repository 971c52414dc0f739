import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makePlainPdf } from './rooms/gateway/other-pdf.ts';
import type { RunningGateway } from '../gateway/server.ts';
import { startGateway } from '../gateway/server.ts';
import { gatewayClient } from '../processor/gateway-call/gateway-client.ts';
import { sha256Of } from '../schemas/sha256.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const START_MS = 90_000;

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
}, START_MS);
afterAll(() => gateway.close());

it('the processor gives the gateway the parameters of a job, and a timetable without a printed term is converted', async () => {
  const pdf = await makePlainPdf({
    texts: [
      ['Segunda', 140, 100],
      ['Terça', 230, 100],
      ['09:00 - 10:30', 50, 130],
      ['Álgebra', 140, 130],
    ],
  });
  const client = gatewayClient({ url: gateway.url, timeoutMs: 60_000, connectionsMax: 1 });
  const convert = (parameters?: Record<string, string>): Promise<string> =>
    client.convert(
      {
        jobId: '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11',
        mapping: { id: 'schedule_ics_v1', version: 2, ...(parameters === undefined ? {} : { parameters }) },
        source: Readable.from([pdf]),
        sourceBytes: pdf.length,
        sourceSha256: sha256Of(pdf),
        signal: new AbortController().signal,
      },
      (result) => text(result.body),
    );
  try {
    await expect(convert()).rejects.toThrow(/termStart and termEnd/);
    const calendar = await convert({
      termStart: '2026-02-16',
      termEnd: '2026-06-12',
      timeZone: 'Europe/Madrid',
    });
    expect(calendar).toContain('DTSTART;TZID=Europe/Madrid:20260216T090000');
    await expect(convert({ termStart: '2026-02-31', termEnd: '2026-06-12' })).rejects.toThrow(
      /termStart must be/,
    );
  } finally {
    client.close();
  }
});
