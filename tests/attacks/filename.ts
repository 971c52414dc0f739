import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { FORM_END, partHead } from '../rooms/command-api/raw-http.ts';
import { expectThat } from '../drills/claims.ts';
import { ANY_TEXT_MAPPING, newPageUser } from '../harness/page-user.ts';
import { launchBrowser } from '../harness/browser.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import { runDocket } from '../harness/run-docket.ts';
import { archiveNames } from './archive-names.ts';
import type { AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

const NAME_CODE_POINTS_MAX = 200;
/** Reads a name by RFC 6266: as a token or in quotes, or in UTF-8 (RFC 8187) when these are not enough. */
const DISPOSITION =
  /^(attachment|inline); filename=("[^"\\]*"|[\w!#$%&'*+\-.^`|~]+)(; filename\*=UTF-8''[\w!#$&+\-.^`|~%]*)?$/;

/**
 * Uploads a file under a name whose bytes no form of a browser would send; returns the name under which the file is
 * shown.
 */
async function shownAs(visitor: Visitor, name: string | Buffer): Promise<string> {
  const [before, after] = partHead('files', '\0').split('\0');
  const pdf = somePdf();
  const body = Buffer.concat([
    Buffer.from(before!),
    Buffer.from(name as string),
    Buffer.from(after!),
    pdf,
    Buffer.from(FORM_END),
  ]);
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
  const answer = await visitor.ask('/api/jobs', { method: 'POST', headers, body: new Uint8Array(body) });
  expectThat(answer.status === 202, 'the file is taken', answer.text);
  return (JSON.parse(answer.text) as { results: [{ filename: string }] }).results[0].filename;
}

async function paths(targets: Targets): Promise<string> {
  const target = await targets.own();
  const visitor = await newVisitor(target);
  const names: Readonly<Record<string, string>> = {
    '../../etc/passwd': 'passwd',
    '..\\..\\win.ini': 'win.ini',
    '%2e%2e%2fx.pdf': '%2e%2e%2fx.pdf',
    '....//y.pdf': 'y.pdf',
    '/abs.pdf': 'abs.pdf',
    'C:\\x.pdf': 'x.pdf',
    '\\\\host\\share': 'share',
    '..': 'document.pdf',
    '.docket-root': '.docket-root',
  };
  for (const [sent, expected] of Object.entries(names)) {
    const shown = await shownAs(visitor, sent);
    expectThat(shown === expected, `${sent} is shown as ${expected}`, shown);
  }
  const blobs = await readdir(join(target.installation.dataDir, 'blobs', 'sources'));
  const strange = blobs.filter((name) => !/^[0-9a-f-]{36}\.pdf$/.test(name));
  expectThat(strange.length === 0, 'every stored file has a name of our own', strange);
  const all = await readdir(target.installation.dataDir, { recursive: true });
  const theirs = all.filter((path) => /passwd$|win\.ini|abs\.pdf|share$|y\.pdf$/.test(path));
  expectThat(theirs.length === 0, 'nothing is named as the sender said', theirs);
  return `${Object.keys(names).length} paths: shown by their last part, stored under random names`;
}

async function strangeLengths(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const names: Readonly<Record<string, string | Buffer>> = {
    'a lone surrogate': Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x2e, 0x70, 0x64, 0x66]),
    'broken UTF-8': Buffer.from([0x61, 0xff, 0xfe, 0x2e, 0x70, 0x64, 0x66]),
    '5,000 characters': `${'a'.repeat(4_996)}.pdf`,
    '255 emoji': `${'\u{1f600}'.repeat(255)}.pdf`,
    'a NUL': 'a\0b.pdf',
    'combining marks': `${'e\u0301'.repeat(150)}.pdf`,
  };
  for (const [what, name] of Object.entries(names)) {
    const shown = await shownAs(visitor, name);
    const isRight =
      shown.isWellFormed() && Array.from(shown).length <= NAME_CODE_POINTS_MAX && !shown.includes('\0');
    expectThat(isRight, `${what}: a well-formed name of at most 200 code points`, shown);
  }
  const count = Object.keys(names).length;
  for (const sort of ['filename', '-filename']) {
    let listed = 0;
    for (let tries = 0; listed < count && tries < 200; tries += 1) {
      const { text, status } = await visitor.ask(`/api/jobs?sort=${sort}`);
      expectThat(status === 200, 'the list by name is answered', text);
      listed = (JSON.parse(text) as { jobs: unknown[] }).jobs.length;
    }
    expectThat(listed === count, 'all of them are in the list', listed);
  }
  return `${Object.keys(names).join(', ')}: taken, well-formed, at most 200 code points, listed by name`;
}

async function invisible(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const names = [
    'evil\u202efdp.exe',
    'a\u200bb\u200d.pdf',
    '\u2066x\u2069.pdf',
    '\ufeffa.pdf',
    'a\u2028b.pdf',
    'a\u{e0041}.pdf',
  ];
  for (const name of names) {
    const shown = await shownAs(visitor, name);
    expectThat(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown), 'no character that cannot be seen is left', shown);
  }
  const { text } = await visitor.ask('/api/jobs');
  expectThat(!/\\u202e|[\u202a-\u202e\u2066-\u2069]/.test(text), 'nor in the list', text.slice(0, 300));
  return `${names.length} names with bidi and zero-width characters: shown without them`;
}

async function headerNames(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const names = [
    'a%0D%0ASet-Cookie: x=1.pdf',
    'a\u0085Set-Cookie: x=1.pdf',
    'a;filename=evil.exe;.pdf',
    "a'b%22c.pdf",
    'ação €.pdf',
    `${'x'.repeat(5_000)}.pdf`,
  ];
  for (const name of names) {
    const bytes = await pdfOf([`named ${name}`]);
    const { jobId, text } = await visitor.upload([{ name, bytes }], { mapping: ANY_TEXT_MAPPING });
    expectThat(jobId !== null, 'it is taken', text);
    await visitor.finalJob(jobId!);
    for (const path of ['download', 'source', 'result']) {
      const { status, headers } = await visitor.ask(`/api/jobs/${jobId}/${path}`);
      const cookies = headers.getSetCookie();
      const disposition = headers.get('content-disposition') ?? '';
      const isOne = DISPOSITION.test(disposition);
      expectThat(status === 200 && cookies.length === 0 && isOne, `${path} of ${name.slice(0, 30)}`, [
        status,
        disposition,
      ]);
    }
  }
  return `${names.length} names in 3 downloads each: one Content-Disposition of its grammar, no other header`;
}

async function markup(targets: Targets): Promise<string> {
  const target = await targets.any();
  const names = [
    '<img src=x onerror=alert(1)>.pdf',
    '"><svg onload=alert(1)>.pdf',
    'javascript:alert(1).pdf',
    '{{7*7}}${7*7}.pdf',
  ];
  const browser = await launchBrowser();
  try {
    const user = await newPageUser(browser, target.url);
    let dialogs = 0;
    user.page.on('dialog', (dialog) => {
      dialogs += 1;
      void dialog.dismiss();
    });
    const files = await Promise.all(
      names.map(async (name) => ({ name, mimeType: 'application/pdf', buffer: await pdfOf([name]) })),
    );
    await user.choose(files);
    // Browsers send a quote in a name as %22 (HTML, multipart/form-data encoding).
    for (const name of names) await user.page.getByText(name.replaceAll('"', '%22')).first().waitFor();
    const made = await user.page.locator('img[src="x"], svg[onload], a[href^="javascript:"]').count();
    expectThat(made === 0 && dialogs === 0, 'no element is made of a name, nothing runs', [made, dialogs]);
    expectThat(user.complaints.length === 0, 'the page has nothing to complain of', user.complaints);
    await user.close();
  } finally {
    await browser.close();
  }
  return `${names.length} names of markup in a real browser: shown as they are, no element, no dialog`;
}

async function logLines(targets: Targets): Promise<string> {
  const target = await targets.own();
  const visitor = await newVisitor(target);
  const names = ['\u001b[2J\u001b]0;owned\u0007.pdf', 'x\u0085{"level":60,"msg":"admin login ok"}.pdf'];
  let jobId = '';
  for (const name of names) {
    const sent = await visitor.upload([{ name, bytes: somePdf() }]);
    jobId = sent.jobId!;
    await visitor.upload([{ name, bytes: Buffer.from('no PDF') }]);
    await visitor.finalJob(jobId);
  }
  const path = `/api/jobs/${encodeURIComponent('\n{"level":60,"msg":"admin login ok"}')}`;
  await visitor.ask(path, { headers: { 'User-Agent': '{"level":60,"msg":"admin login ok"}' } });
  const text = await readFile(join(target.installation.dataDir, 'logs', 'services.log'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  const forged = lines.filter((line) => (JSON.parse(line) as { msg?: string }).msg === 'admin login ok');
  expectThat(forged.length === 0 && !/\u001b/.test(text), 'each line of the log is one of ours', forged);
  const env = { DATA_DIR: target.installation.dataDir };
  for (const argv of [
    ['failed', 'list'],
    ['why', jobId],
    ['query', 'select filename from analytics.jobs'],
  ]) {
    const { stdout, stderr } = await runDocket(argv, env);
    expectThat(
      !/[\u001b\u0085\u0007]/.test(stdout + stderr),
      `docket ${argv[0]} writes no control characters`,
    );
    expectThat(stdout.length > 0, `docket ${argv[0]} says something`, stderr);
  }
  return `${lines.length} lines of the log, each JSON of ours; docket failed, why and query write no control characters`;
}

export const filename: AttackCategory = {
  name: 'filename',
  attacks: [
    { id: 'A-FN01', title: 'paths for names', cheap: true, run: paths },
    { id: 'A-FN03', title: 'names that are broken or long', cheap: true, run: strangeLengths },
    { id: 'A-FN04', title: 'names that are not what they look like', cheap: true, run: invisible },
    { id: 'A-FN06', title: 'headers in names', run: headerNames },
    { id: 'A-FN07', title: 'markup in names', run: markup },
    { id: 'A-FN09', title: 'log lines and terminal codes in names', run: logLines },
    { id: 'A-FN10', title: 'names in the archive of results', run: archiveNames },
  ],
};
