import { setTimeout as sleep } from 'node:timers/promises';
import { chunkOf, partHead, push, speak, uploadHead } from '../rooms/command-api/raw-http.ts';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat, within } from '../drills/claims.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import type { AttackCategory } from './attack.ts';
import { leavingNothing } from './leaving-nothing.ts';
import { slowSenders } from './slow-senders.ts';
import type { OwnTarget, Target, Targets } from './targets.ts';
import { brokenForms, formBombs } from './upload-forms.ts';
import { ask, codeIn, newVisitor } from './visitor.ts';

const MiB = 1024 * 1024;
const GONE_MS_MAX = 10_000;
/** Longest that an endless upload may go on before it is answered. */
const ENDLESS_MS_MAX = 20_000;
const JUNK = (bytes: number): Buffer => Buffer.alloc(bytes, 'junk in front of a document. ');

async function expectRefusedPdf(target: Target, bytes: Uint8Array, name = 'a.pdf'): Promise<void> {
  const visitor = await newVisitor(target);
  const answer = await leavingNothing(target, () => visitor.upload([{ name, bytes }]));
  expectThat(answer.status === 400 && answer.code === 'NOT_PDF', 'it is 400 NOT_PDF', answer.text);
  expectThat((await visitor.jobs()).length === 0, 'there is no job');
}

async function renamedText(targets: Targets): Promise<string> {
  const target = await targets.any();
  await expectRefusedPdf(target, Buffer.from('Hello, I am a text.\n'));
  await expectRefusedPdf(target, Buffer.from('%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n'));
  await expectRefusedPdf(target, Buffer.alloc(0));
  return 'a text, a header without a trailer, nothing: 400 NOT_PDF, no job, nothing stored';
}

async function junkInFront(targets: Targets): Promise<string> {
  const after = (bytes: number): Buffer => Buffer.concat([JUNK(bytes), somePdf()]);
  for (const bytes of [1_000, 2_000]) await expectRefusedPdf(await targets.own(), after(bytes));
  const lenient = await targets.own({ STRICT_PDF_HEADER: 'false' });
  const visitor = await newVisitor(lenient);
  const near = await visitor.upload([{ name: 'a.pdf', bytes: after(1_000) }]);
  expectThat(near.status === 202, 'a header within 1,024 bytes is taken when asked for', near.text);
  await expectRefusedPdf(lenient, after(2_000));
  return 'strict: both 400 NOT_PDF; STRICT_PDF_HEADER=false: 1,000 bytes 202, 2,000 bytes 400';
}

async function polyglots(targets: Targets): Promise<string> {
  const target = await targets.any();
  const script = '<!doctype html><script>alert(1)</script>';
  for (const front of ['GIF89a\x01\x00\x01\x00', script, 'PK\x03\x04', 'alert(1)/*'])
    await expectRefusedPdf(target, Buffer.concat([Buffer.from(front), await pdfOf(['x'])]));
  const visitor = await newVisitor(target);
  const bytes = Buffer.concat([await pdfOf(['a zip stands behind']), Buffer.from(`PK\x05\x06${script}`)]);
  const { status, jobId, text } = await visitor.upload([{ name: 'a.html.pdf', bytes }]);
  expectThat(status === 202 && jobId !== null, 'a PDF with something behind it is a PDF', text);
  const { headers } = await visitor.ask(`/api/jobs/${jobId}/source`);
  const served = [
    'content-type',
    'content-disposition',
    'x-content-type-options',
    'content-security-policy',
  ].map((name) => headers.get(name) ?? '');
  const isHarmless = [/^application\/pdf$/, /^attachment;/, /^nosniff$/, /^sandbox;/].every((kind, at) =>
    kind.test(served[at]!),
  );
  expectThat(isHarmless, 'it is served as an attachment in a sandbox, not to be sniffed', served);
  return 'GIF, HTML, zip and script in front: 400; behind: served as attachment, nosniff, CSP sandbox';
}

async function limitOf(target: Target): Promise<number> {
  const { text } = await ask(target, '/api/limits');
  return (JSON.parse(text) as { maxUploadMb: number }).maxUploadMb * MiB;
}

async function atTheLimit(targets: Targets): Promise<string> {
  const target = await targets.any();
  const limit = await limitOf(target);
  const visitor = await newVisitor(target);
  const exact = await visitor.upload([{ name: 'exact.pdf', bytes: somePdf(limit) }]);
  expectThat(exact.status === 202, 'the limit itself is taken', exact.text);
  const over = await leavingNothing(target, () =>
    visitor.upload([{ name: 'over.pdf', bytes: somePdf(limit + 1) }]),
  );
  expectThat(over.status === 413 && over.code === 'TOO_LARGE', 'a byte more is 413', over.text);
  // A length that no request may have is answered before the body, and a sender that goes on sees the answer.
  const piece = Buffer.alloc(64 * 1024);
  const early = await speak(target.port, async (socket) => {
    await push(socket, uploadHead(100_000 * MiB));
    for (let sent = 0; sent < 20 * MiB; sent += piece.length) await push(socket, piece);
  });
  expectThat(
    early.status === 413 && codeIn(early.body) === 'TOO_LARGE' && early.ended === 'answered',
    'a length beyond every limit is 413 and the sender sees it',
    early,
  );
  return `${limit / MiB} MiB 202, one byte more 413, a Content-Length of 100 GB 413 after ${early.ms.toFixed(0)} ms`;
}

async function endless(targets: Targets): Promise<string> {
  const target = await targets.any();
  const piece = chunkOf(Buffer.alloc(64 * 1024, '% endless\n'));
  let sent = 0;
  const answer = await leavingNothing(target, () =>
    speak(target.port, async (socket) => {
      await push(socket, uploadHead(null));
      await push(socket, chunkOf(`${partHead()}%PDF-1.7\n1 0 obj\n`));
      for (; ; sent += piece.length) await push(socket, piece);
    }),
  );
  expectThat(
    answer.status === 413 && codeIn(answer.body) === 'TOO_LARGE' && answer.ms < ENDLESS_MS_MAX,
    'it is 413 soon',
    answer,
  );
  return `413 after ${(sent / MiB).toFixed(0)} MiB, nothing stored`;
}

async function goneAtTheEnd(targets: Targets): Promise<string> {
  const target = await targets.own();
  const before = await aborted(target);
  const pdf = somePdf(MiB);
  await leavingNothing(target, () =>
    speak(target.port, async (socket) => {
      await push(socket, uploadHead(pdf.length + 1000));
      await push(socket, partHead());
      await push(socket, pdf.subarray(0, Math.floor(pdf.length * 0.99)));
      await sleep(100);
      socket.destroy();
    }),
  );
  await within(GONE_MS_MAX, 'it is counted', async () => (await aborted(target)) === before + 1);
  return 'no job, nothing stored, docket_upload_aborted_total + 1';
}

async function aborted({ installation }: OwnTarget): Promise<number> {
  const text = await (await fetch(`${await installation.healthUrl()}/metrics`)).text();
  return Number(/^docket_upload_aborted_total (\d+)$/m.exec(text)?.[1]);
}

async function sameContent(targets: Targets): Promise<string> {
  const target = await targets.any();
  const one = await newVisitor(target);
  const other = await newVisitor(target);
  const files = [{ name: 'same.pdf', bytes: await pdfOf([`the same for both ${Date.now()}`]) }];
  // Ready in any case: a job that failed is tried again by the same upload.
  const text = { mapping: 'text_layout_v1' };
  const first = await one.upload(files, text);
  const foreign = await other.upload(files, text);
  const mapped = await one.upload(files, { mapping: 'pt_simon_invoice_v1' });
  const again = await one.upload(files, text);
  const seen = [first, foreign, mapped, again].map(({ status, deduplicated }) => `${status} ${deduplicated}`);
  expectThat(
    seen.join() === '202 false,202 false,202 false,200 true',
    'another session and another mapping find nothing that was there',
    seen,
  );
  const jobs = new Set([first, foreign, mapped].map(({ jobId }) => jobId));
  expectThat(jobs.size === 3 && again.jobId === first.jobId, 'these are three jobs', [...jobs]);
  return 'another session, another mapping: a new job each, told as a new one; the same again: the same job';
}

async function eleventhOfTheHour(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.own({ RATE_PROFILE: 'strict' }));
  for (let n = 1; n <= 10; n += 1) {
    const { status, text } = await visitor.upload([{ name: `${n}.pdf`, bytes: somePdf() }]);
    expectThat(status === 202, `upload ${n} is taken`, text);
  }
  const { status, code, headers } = await visitor.upload([{ name: '11.pdf', bytes: somePdf() }]);
  const wait = Number(headers.get('retry-after'));
  expectThat(status === 429 && code === 'RATE_LIMITED' && wait > 0, 'the eleventh is 429', [
    status,
    code,
    wait,
  ]);
  return `ten 202, the eleventh 429 with Retry-After ${wait} (RATE_PROFILE=strict); missing: a quota of files an owner`;
}

export const upload: AttackCategory = {
  name: 'upload',
  attacks: [
    { id: 'A-UP01', title: 'a text under the name of a PDF', cheap: true, run: renamedText },
    { id: 'A-UP03', title: 'junk before the header, 1,000 and 2,000 bytes', run: junkInFront },
    { id: 'A-UP04', title: 'files of two kinds', cheap: true, run: polyglots },
    { id: 'A-UP06', title: 'the size limit, and a byte more', run: atTheLimit },
    { id: 'A-UP07', title: 'a chunked body without an end', run: endless },
    { id: 'A-UP09', title: 'forms of thousands of parts and headers', cheap: true, run: formBombs },
    { id: 'A-UP10', title: 'forms with broken boundaries', cheap: true, run: brokenForms },
    { id: 'A-UP12', title: '500 senders of a byte now and then', run: slowSenders },
    { id: 'A-UP13', title: 'a sender that goes away at 99 %', cheap: true, run: goneAtTheEnd },
    { id: 'A-UP15', title: 'the content of somebody else', cheap: true, run: sameContent },
    { id: 'A-UP16', title: 'the eleventh upload of the hour', run: eleventhOfTheHour },
  ],
};
