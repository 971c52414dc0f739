import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeInvoicePdf } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { newApiUser, type ApiUser } from '../../tests/harness/api-user.ts';

/** Number of documents that are made before the soak. Each upload is one of them with its own comment at the end. */
const MADE = 60;
const PEOPLE = 12;
/** Most uploads that wait for their answer at the same time. A further upload is left out and counted. */
const IN_FLIGHT_MAX = 200;

export interface Visitors {
  /** Jobs whose upload was answered with 202. */
  readonly taken: Set<string>;
  readonly counts: { sent: number; refused: number; leftOut: number };
  /** Uploads at the given rate until `ms` have passed, then waits for the last answers. */
  upload(perSecond: number, ms: number): Promise<void>;
}

/** The documents of the soak: made-up invoices, and every PDF in `folder` if it is given. */
async function documents(folder: string | undefined): Promise<Buffer[]> {
  const made = await Promise.all(Array.from({ length: MADE }, (_, seed) => makeInvoicePdf(seed + 1)));
  if (folder === undefined) return made;
  const names = readdirSync(folder).filter((name) => name.endsWith('.pdf'));
  return [...made, ...names.map((name) => readFileSync(join(folder, name)))];
}

/** Starts people who upload real PDFs. No two uploads are the same. */
export async function startVisitors(url: string, folder: string | undefined): Promise<Visitors> {
  const pdfs = await documents(folder);
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => newApiUser(url)));
  const taken = new Set<string>();
  const counts = { sent: 0, refused: 0, leftOut: 0 };
  const inFlight = new Set<Promise<void>>();
  const run = String(process.hrtime.bigint());

  const send = async (person: ApiUser, pdf: Buffer, n: number): Promise<void> => {
    const bytes = new Uint8Array(Buffer.concat([pdf, Buffer.from(`\n% soak ${run} ${n}\n`)]));
    const { status, answer } = await person.upload([{ filename: `${n}.pdf`, bytes }]);
    const [file] = answer.results;
    if (status === 202 && file !== undefined && 'jobId' in file) taken.add(String(file.jobId));
    else counts.refused += 1;
  };
  const begin = (): void => {
    if (inFlight.size >= IN_FLIGHT_MAX) return void (counts.leftOut += 1);
    const n = counts.sent;
    counts.sent += 1;
    const sending = send(people[n % PEOPLE]!, pdfs[n % pdfs.length]!, n)
      .catch(() => void (counts.refused += 1))
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };
  return {
    taken,
    counts,
    upload: async (perSecond, ms) => {
      const startedMs = performance.now();
      await new Promise<void>((resolve) => {
        let begun = 0;
        const timer = setInterval(() => {
          const passedMs = performance.now() - startedMs;
          for (; begun < (Math.min(passedMs, ms) * perSecond) / 1000; begun += 1) begin();
          if (passedMs < ms) return;
          clearInterval(timer);
          resolve();
        }, 20);
      });
      await Promise.all(inFlight);
    },
  };
}
