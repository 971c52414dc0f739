import { expectThat } from '../drills/claims.ts';
import { ANY_TEXT_MAPPING } from '../harness/page-user.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import type { Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';

/** Names of results that lead out of a folder, are devices or options, or come twice (A-FN10). */
export async function archiveNames(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  const names = [
    'a.pdf',
    'a.pdf',
    '../a.pdf',
    'a/../../b.pdf',
    'CON.pdf',
    'aux.pdf',
    '-rf.pdf',
    'LPT9.x.pdf',
    'a:b*c.pdf',
  ];
  const jobs: string[] = [];
  for (const [at, name] of names.entries()) {
    const bytes = await pdfOf([`number ${at} of the archive`]);
    const { jobId } = await visitor.upload([{ name, bytes }], { mapping: ANY_TEXT_MAPPING });
    jobs.push(jobId!);
  }
  for (const jobId of jobs) await visitor.finalJob(jobId);
  const entries = entriesOf(await visitor.bytes(`/api/jobs/download?ids=${jobs.join(',')}`));
  const unsafe = entries.filter((name) => /[/\\:*]|^\.|^-|^(con|aux|lpt9)(\.|$)/i.test(name));
  expectThat(entries.length === names.length, 'every result is in it', entries);
  expectThat(unsafe.length === 0, 'no name leads anywhere or is a device or an option', unsafe);
  const isUnique = new Set(entries.map((name) => name.toLowerCase())).size === entries.length;
  expectThat(isUnique, 'no two are the same', entries);
  return `entries ${entries.join(', ')}`;
}

/** The names in the directory at the end of a zip (APPNOTE 4.3.12), as far as they are ASCII. */
function entriesOf(archive: Buffer): string[] {
  const zip = archive.toString('latin1');
  return [...zip.matchAll(/PK\x01\x02/g)].map(({ index }) => {
    const length = zip.charCodeAt(index + 28) + zip.charCodeAt(index + 29) * 256;
    return zip.slice(index + 46, index + 46 + length);
  });
}
