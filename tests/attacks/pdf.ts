import { XmlDocument } from 'libxml2-wasm';
import { makePlainPdf } from '../rooms/gateway/other-pdf.ts';
import type { JobView } from '../../schemas/protocols/http-api.ts';
import { expectThat } from '../drills/claims.ts';
import { runDocket } from '../harness/run-docket.ts';
import { NotApplicable, type AttackCategory } from './attack.ts';
import { startCanary } from './canary.ts';
import { CATALOG, deflatedStreamOf, fileOf, manyObjects, onePage, PAGE, streamOf } from './pdf-files.ts';
import type { Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

const TEXT = 'text_layout_v1';
const PAGES = '<</Type/Pages/Kids[3 0 R]/Count 1>>';
const DRAWN = 'BT /F1 12 Tf 10 700 Td (visible) Tj ET';
/**
 * The allowed ends of a document that cannot be read or needs too much time or memory. A fault of Docket is never
 * allowed.
 */
const REFUSALS = ['PDF_LIMIT', 'PDF_CORRUPT', 'NO_TEXT'];

/** The end of a document, with the reason of a refusal or `ready`. */
async function endOf(
  visitor: Visitor,
  bytes: Uint8Array,
  mapping = TEXT,
): Promise<{ job: JobView; end: string }> {
  const { jobId, text } = await visitor.upload([{ name: 'attack.pdf', bytes }], { mapping });
  expectThat(jobId !== null, 'the upload is taken', text);
  const job = await visitor.finalJob(jobId!);
  return { job, end: job.state === 'ready' ? 'ready' : (job.error?.reason ?? job.error?.code ?? '') };
}

async function resultOf(visitor: Visitor, job: JobView): Promise<string> {
  return (await visitor.ask(`/api/jobs/${job.jobId}/download`)).text;
}

async function bombs(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const kids = '3 0 R '.repeat(100_000);
  const files: Readonly<Record<string, readonly [bytes: Buffer, ends: readonly string[]]>> = {
    '2 million text operators': [onePage(`${DRAWN}\n`.repeat(2_000_000)), ['PDF_LIMIT']],
    '100,000 pages': [
      fileOf([CATALOG, `<</Type/Pages/Kids[${kids}]/Count 100000>>`, PAGE, deflatedStreamOf(DRAWN)]),
      ['PDF_LIMIT'],
    ],
    // Objects without a reference are never read. They only need their row in the table.
    '1 million objects': [manyObjects(1_000_000, 10_000), ['PDF_LIMIT', 'ready']],
  };
  const seen: string[] = [];
  for (const [what, [bytes, ends]] of Object.entries(files)) {
    const startedAt = performance.now();
    const { job, end } = await endOf(visitor, bytes);
    expectThat(ends.includes(end) && job.attempts === 1, `${what}: ${ends.join(' or ')}`, job.error ?? end);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    seen.push(`${what} (${(bytes.length / 1024).toFixed(0)} KB) ${end} after ${seconds} s`);
  }
  return seen.join(', ');
}

async function loops(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const ofItself = deflatedStreamOf('5 0 <</Type/ObjStm>>', '/Type/ObjStm/N 1/First 4/Extends 5 0 R');
  const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  const files: Readonly<Record<string, Buffer>> = {
    'pages that are their own parent': fileOf([CATALOG, '<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>']),
    'a table before itself': fileOf([CATALOG, PAGES, PAGE, deflatedStreamOf(DRAWN)], '/Prev XREF'),
    'objects in their own stream': fileOf([CATALOG, PAGES, PAGE, deflatedStreamOf(DRAWN), ofItself]),
    'a reference to itself': fileOf([CATALOG, PAGES, PAGE, '4 0 R']),
    'arrays 10,000 deep': fileOf([
      CATALOG,
      PAGES,
      PAGE.replace('/Contents', `/Deep ${nested}/Contents`),
      streamOf(DRAWN),
    ]),
    'arrays 10,000 deep on a page': onePage(`${nested} TJ ${DRAWN}`),
  };
  const seen: string[] = [];
  for (const [what, bytes] of Object.entries(files)) {
    const { job, end } = await endOf(visitor, bytes);
    const isKnown = end === 'ready' || REFUSALS.includes(end);
    expectThat(isKnown && job.attempts === 1, `${what} has an end at the first attempt`, [end, job.error]);
    seen.push(`${what} ${end}`);
  }
  return seen.join(', ');
}

async function locked(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const texts = [['a text for everybody', 50, 50]] as const;
  const closed = await makePlainPdf({ texts, userPassword: 'x', ownerPassword: 'y' });
  const open = await makePlainPdf({ texts, ownerPassword: 'y' });
  const first = await endOf(visitor, closed);
  const isFinal = first.end === 'PDF_ENCRYPTED' && first.job.attempts === 1;
  expectThat(isFinal, 'a user password is PDF_ENCRYPTED, at once', first.job.error);
  const second = await endOf(visitor, open);
  expectThat(second.end === 'ready', 'an owner password alone is read', second.job.error);
  return 'user password: PDF_ENCRYPTED after one attempt; owner password alone: ready';
}

const LAUGHS = `<!DOCTYPE l [<!ENTITY a "lol">${Array.from(
  { length: 9 },
  (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`,
).join('')}]>`;

async function entities(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const canary = await startCanary();
  const doctype = `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY h SYSTEM "${canary.url}/dtd">]>`;
  const xfa = streamOf(`<?xml version="1.0"?>${doctype}<xdp><a>&f;&h;</a></xdp>`);
  const xmp = streamOf(`<?xpacket begin=""?>${LAUGHS}<x>&j;</x>`, '/Type/Metadata/Subtype/XML');
  const catalog = '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA 5 0 R>>/Metadata 6 0 R>>';
  const link = `/URI(${canary.url}/uri)`;
  const action = `<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI${link}>>/AA<</O<</S/SubmitForm/F(${canary.url})>>>>>>`;
  try {
    for (const file of [
      fileOf([catalog, PAGES, PAGE, deflatedStreamOf(DRAWN), xfa, xmp]),
      fileOf([action, PAGES, PAGE, deflatedStreamOf(DRAWN)]),
    ]) {
      const { job, end } = await endOf(visitor, file);
      const result = end === 'ready' ? await resultOf(visitor, job) : '';
      expectThat(
        !/root:|lol|ENTITY/.test(result),
        'nothing of an entity is in the result',
        result.slice(0, 300),
      );
    }
    for (const content of [
      `<?xml version="1.0"?>${doctype}<Invoice>&f;&h;</Invoice>`,
      `${LAUGHS}<Invoice>&j;</Invoice>`,
    ]) {
      const file = await makePlainPdf({ attachments: [{ name: 'factur-x.xml', content }] });
      const { end, job } = await endOf(visitor, file, 'einvoice_embedded_v1');
      const isRefused = ['EMBEDDED_XML_REFUSED', 'NO_EMBEDDED_XML'].includes(end);
      expectThat(isRefused, 'an e-invoice with a DOCTYPE is refused', job.error ?? end);
    }
    expectThat(canary.asked().length === 0, 'nothing is fetched', canary.asked());
  } finally {
    await canary.stop();
  }
  return 'XFA, XMP, actions and attached e-invoices with external entities and billion laughs: nothing fetched, nothing resolved';
}

/** Codes 1 to 7 of the font are no characters that XML may hold, or are markup. */
const TO_UNICODE = streamOf(
  '/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange 8 beginbfchar ' +
    '<01> <FFFE> <02> <D800> <03> <0007> <04> <FFFF> <05> <0000> <06> <005D005D003E> <07> <DC00D800> <08> <001B005B> ' +
    'endbfchar endcmap end',
);

async function characters(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 5 0 R>>';
  const texts = [
    '<0102030405060708>',
    '(]]> <!-- &xxe; <script>alert\\(1\\)</script>)',
    '(plain <61> words)',
  ];
  const content = texts.map((text, at) => `BT /F1 12 Tf 50 ${700 - at * 40} Td ${text} Tj ET`).join('\n');
  const { job, end } = await endOf(visitor, onePage(content, font, [TO_UNICODE]));
  expectThat(end === 'ready', 'the document is read', job.error);
  const xml = await resultOf(visitor, job);
  const illegal = Array.from(xml).filter((character) => !isXmlCharacter(character.codePointAt(0)!));
  expectThat(illegal.length === 0, 'no character is in it that XML may not hold', illegal);
  using document = XmlDocument.fromString(xml);
  const text = document.root.content;
  expectThat(text.includes('&xxe;') && text.includes('<script>'), 'markup is text', text);
  return 'U+FFFE, lone surrogates, NUL, escapes: gone; ]]>, <!--, &xxe;, <script>: text; libxml2 reads it';
}

/** XML 1.0, production 2. */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

async function formulas(targets: Targets): Promise<string> {
  const target = await targets.own();
  const visitor = await newVisitor(target);
  const names = [
    "=cmd|'/c calc'!A1.pdf",
    '+1.pdf',
    '-1.pdf',
    '@x.pdf',
    '\t=1+1.pdf',
    '\r=1+2.pdf',
    '=HYPERLINK("http:;").pdf',
  ];
  const [first] = await Promise.all(
    names.map((name) => visitor.upload([{ name, bytes: onePage(`${DRAWN} % ${name}`) }], { mapping: TEXT })),
  );
  await visitor.finalJob(first!.jobId!);
  const env = { DATA_DIR: target.installation.dataDir };
  const { code, stdout, stderr } = await runDocket(
    ['query', '--csv', 'select filename from analytics.jobs'],
    env,
  );
  expectThat(code === 0, 'the query is answered', stderr);
  const run = stdout.split('\r\n').filter((line) => /^"?[=+\-@\t\r]/.test(line));
  expectThat(run.length === 0, 'no cell begins as a formula does', run);
  const guarded = stdout.split('\r\n').filter((line) => /^"?'[=+\-@]/.test(line));
  expectThat(guarded.length >= 4, 'the names are there, behind an apostrophe', stdout);
  return `${guarded.length} names that begin as formulas: each behind an apostrophe in the CSV of docket query`;
}

async function malware(): Promise<string> {
  throw new NotApplicable('a malware scanner (CLAMAV_URL)');
}

export const pdf: AttackCategory = {
  name: 'pdf',
  attacks: [
    { id: 'A-PD02', title: 'small files with millions of things in them', run: bombs, msMax: 300_000 },
    { id: 'A-PD03', title: 'structures that lead back to themselves', run: loops },
    { id: 'A-PD05', title: 'files with passwords', run: locked },
    { id: 'A-PD06', title: 'external entities and billion laughs', run: entities },
    { id: 'A-PD08', title: 'text that XML may not hold', run: characters },
    { id: 'A-PD09', title: 'formulas on the way to a spreadsheet', run: formulas },
    { id: 'A-PD11', title: 'a virus', cheap: true, run: malware },
  ],
};
