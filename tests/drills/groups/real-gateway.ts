import { randomUUID } from 'node:crypto';
import { choices } from '../../rooms/gateway/random.ts';
import { GATEWAY_REFUSAL_CODES } from '../../../schemas/protocols/gateway-protocol.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { DrillGroup } from '../drill.ts';
import { storyOf, untilAllFinal, untilState } from '../job-streams.ts';
import { newOwner, tryUpload, upload, type Uploaded } from '../people.ts';
import { bombs } from '../pdf-bombs.ts';

const MUTATIONS = 1_000;
const FILES_AT_ONCE = 20;
const DRILL_MS_MAX = 300_000;
const ALL_FINAL_MS_MAX = 200_000;

function start(): Promise<DrillInstallation> {
  return startDrillInstallation({
    processor: true,
    gateway: 'real',
    direct: true,
    env: {
      // A bomb is to come to the gateway's own limit, which takes long beside other installations, and not to be read thrice.
      GATEWAY_TIMEOUT_MS: '45000',
      WORKER_TIMEOUT_MS: '60000',
      WORKER_LEASE_TTL_SEC: '90',
      // The drill tests the gateway. A machine that is busy with a bomb may answer late.
      EVENTSTORE_TIMEOUT_MS: '10000',
      DATABASE_TIMEOUT_MS: '10000',
    },
  });
}

/** Seeded: bytes turned over, the end cut off, a piece moved, a piece taken out. */
function mutated(source: Buffer, random: ReturnType<typeof choices>): Buffer {
  const pdf = Buffer.from(source);
  const at = (): number => random.whole(16, pdf.length - 1);
  switch (random.whole(0, 3)) {
    case 0:
      for (let n = random.whole(1, 60); n > 0; n -= 1) pdf[at()] = random.whole(0, 255);
      return pdf;
    case 1:
      return pdf.subarray(0, at());
    case 2:
      pdf.copyWithin(at(), at(), pdf.length);
      return pdf;
    default: {
      const [from, to] = [at(), at()].toSorted((a, b) => a - b) as [number, number];
      return Buffer.concat([pdf.subarray(0, from), pdf.subarray(to)]);
    }
  }
}

/** Drawing PDFs takes a library that the other groups need not load. */
async function invoicePdf(seed: number): Promise<Uint8Array> {
  const { makeInvoicePdf } = await import('../../rooms/gateway/invoice-pdf.ts');
  return makeInvoicePdf(seed);
}

async function mutations(installation: DrillInstallation): Promise<string> {
  const random = choices(34);
  const good = await Promise.all([1, 2, 3].map(invoicePdf));
  const refused = { before: 0 };
  const taken = new Set<string>();
  for (let done = 0; done < MUTATIONS; done += FILES_AT_ONCE) {
    const files = Array.from({ length: Math.min(FILES_AT_ONCE, MUTATIONS - done) }, () =>
      mutated(Buffer.from(random.pick(good)), random),
    );
    const answers = await Promise.all(
      files.map((bytes) => untilAnswered(installation, new Uint8Array(bytes))),
    );
    for (const { status, text, jobId } of answers) {
      if (jobId !== null) taken.add(jobId);
      if (status === 202 || status === 200) continue;
      expectThat(status === 400, 'what is no PDF is told so at once', { status, text });
      refused.before += 1;
    }
  }
  const stories = await untilAllFinal(installation, ALL_FINAL_MS_MAX);
  const tally: Record<string, number> = {};
  for (const { jobId, job } of stories.values()) {
    if (!taken.has(jobId)) continue;
    const failure = job.state === 'failed' ? job.failure : null;
    const known =
      failure === null || (GATEWAY_REFUSAL_CODES as readonly string[]).includes(failure.reason ?? '');
    expectThat(known || failure?.code === 'GW_TIMEOUT', 'every failure has a listed reason', failure);
    const label = failure === null ? job.state : (failure.reason ?? failure.code);
    tally[label] = (tally[label] ?? 0) + 1;
  }
  return `${MUTATIONS} mutations: ${refused.before} refused at the door, ${JSON.stringify(tally).replaceAll('"', '')}`;
}

/** Sends a document again after a 503, as a client does. */
async function untilAnswered(installation: DrillInstallation, bytes: Uint8Array): Promise<Uploaded> {
  const owner = newOwner();
  const key = randomUUID();
  for (;;) {
    const answer = await tryUpload(installation, { owner, key, bytes, timeoutMs: 60_000 });
    if (answer.status !== 503) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function explosive(installation: DrillInstallation): Promise<string> {
  const api = installation.rest!;
  const apiBefore = api.rssBytes();
  const gatewayBefore = installation.realGateway!.rssBytes();
  const told: string[] = [];
  for (const [name, bytes] of Object.entries(bombs())) {
    const jobId = await upload(installation, {
      owner: newOwner(),
      bytes: new Uint8Array(bytes),
      timeoutMs: 60_000,
    });
    const job = await untilState(installation, jobId, ['failed', 'ready'], { withinMs: 100_000 });
    const { events } = await storyOf(installation, jobId);
    const attempts = events.filter(({ event }) => event.type === 'ConversionStarted').length;
    told.push(
      `${name} ${job.state === 'failed' ? (job.failure.reason ?? job.failure.code) : job.state} (${attempts})`,
    );
  }
  const grown = (now: number, before: number): number => (now - before) / 2 ** 20;
  const apiMb = grown(api.rssBytes(), apiBefore);
  const gatewayMb = grown(installation.realGateway!.rssBytes(), gatewayBefore);
  expectThat(apiMb < 150 && gatewayMb < 150, 'memory of API and gateway stays bounded (I17)', {
    apiMb,
    gatewayMb,
  });
  const good = await upload(installation, { bytes: new Uint8Array(await invoicePdf(7)) });
  await within(
    60_000,
    'a good file is converted after them',
    async () => (await storyOf(installation, good)).job.state === 'ready',
  );
  return `${told.join(', ')}; API +${apiMb.toFixed(0)} MB, gateway +${gatewayMb.toFixed(0)} MB`;
}

export const realGateway: DrillGroup = {
  name: 'real-gateway',
  start,
  // The bombs come first: the check after them is short, and the one after the thousand files reads theirs as well.
  drills: [
    { id: 'D35', title: 'PDF bombs through the whole installation', run: explosive, msMax: DRILL_MS_MAX },
    {
      id: 'D34',
      title: '1,000 seeded mutations of invoices through the whole installation',
      run: mutations,
      msMax: DRILL_MS_MAX,
    },
  ],
};
