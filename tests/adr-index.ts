/** The index of docs/adr. `node tests/adr-index.ts --write` writes the index; a test compares it with the files. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first lines of one decision. */
export interface AdrHead {
  file: string;
  number: string;
  title: string;
  /** The fault of the head, or null. */
  fault: string | null;
}

function headOf(file: string, text: string): AdrHead {
  const number = file.slice(0, 4);
  const [first = '', second = '', third = ''] = text.split('\n');
  const title = first.replace(/^# \d{4}\. /, '');
  let fault: string | null = null;
  if (!first.startsWith(`# ${number}. `)) fault = `the first line is not "# ${number}. Claim"`;
  else if (second !== '' || !/^\*\*(Accepted|Superseded by \[.+)\*\*|^\*\*Accepted\.\*\*/.test(third))
    fault = 'the third line is not "**Accepted.**" or "**Superseded by [...].**"';

  return { file, number, title, fault };
}

/**
 * Reads the heads of all decisions, in the order of their numbers.
 * @throws when docs/adr of this root cannot be read
 */
export function adrHeads(root: string): AdrHead[] {
  const folder = join(root, 'docs', 'adr');
  const files = readdirSync(folder).filter((file) => /^\d{4}-.*\.md$/.test(file));
  return files.toSorted().map((file) => headOf(file, readFileSync(join(folder, file), 'utf8')));
}

/** Returns the page that lists the decisions. */
export function adrIndex(root: string): string {
  const rows = adrHeads(root).map(({ file, number, title }) => `| [${number}](${file}) | ${title} |`);
  return `# Decisions

Each title is a claim that one can dispute. The text of a decision that shipped is not edited: the one that overturns it
gives the counterexample. A title may be made plainer. Numbers that are missing were never used. \`node tests/adr-index.ts --write\` writes this page.

| number | claim |
|---|---|
${rows.join('\n')}
`;
}

if (process.argv[2] === '--write') {
  const root = join(import.meta.dirname, '..');
  writeFileSync(join(root, 'docs', 'adr', 'README.md'), adrIndex(root));
}
