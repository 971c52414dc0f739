/**
 * Nothing that the project says leads nowhere: ids of requirements, drills and attacks have a line in the documents, links
 * of Markdown files lead to a file and a heading that exist, and settings are read where they are declared.
 */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { adrHeads, adrIndex } from './adr-index.ts';
import { Settings } from '../schemas/settings/config.ts';
import { CATEGORIES } from './attacks/list.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const isOurs = (path: string) => existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile();
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && isOurs(path));
const code = files.filter((path) => /\.(ts|tsx|mjs|cjs)$/.test(path));
const markdown = files.filter((path) => path.endsWith('.md'));

/** Every match of the pattern's first group in these files, with the file that it stands in. */
function mentions(paths: readonly string[], pattern: RegExp): { path: string; id: string }[] {
  return paths.flatMap((path) =>
    [...read(path).matchAll(pattern)].map((match) => ({ path, id: match[1] ?? '' })),
  );
}

/** The anchors that GitHub gives to a page's headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of page.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '').replaceAll(' ', '-');
    let name = anchor;
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

/** The target of a link when it leads nowhere, else null. Addresses of other hosts are not asked. */
function deadLink(path: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  const place = file === '' ? path : relative(ROOT, join(ROOT, dirname(path), file));
  if (!existsSync(join(ROOT, place))) return target;
  if (anchor === undefined || !place.endsWith('.md')) return null;
  return anchorsOf(read(place)).has(anchor) ? null : target;
}

describe('what the project refers to', () => {
  it.each([
    ['requirement', 'docs/requirements.md', /\b(R\d\d\.\d\d)\b/g],
    ['invariant', 'docs/requirements.md', /[[(](I\d{1,2})[\])]/g],
    ['trait of the real server', 'docs/requirements.md', /\[(S\d{1,2})\]/g],
    ['drill', 'docs/drills.md', /[[(](D\d\d)[\])]/g],
    ['attack', 'docs/attacks.md', /[[(](A-[A-Z]{2}\d\d)[\])]/g],
  ])('named as %s has a line in %s', (_kind, page, pattern) => {
    const listed = new Set(
      [...read(page).matchAll(/\b(?:R\d\d\.\d\d|[DIS]\d+|A-[A-Z]{2}\d\d)\b/g)].map(String),
    );
    const found = mentions(code, pattern);
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter(({ id }) => !listed.has(id))).toEqual([]);
  });

  it('by a link in a document is there', () => {
    const links = mentions(markdown, /\]\(([^)\s]+)\)/g);
    expect(links.length).toBeGreaterThan(200);
    expect(links.filter(({ path, id }) => deadLink(path, id) !== null)).toEqual([]);
  });

  it('is in this repository: no document of another place is named', () => {
    const elsewhere = mentions([...code, ...markdown], /\b(DESIGN(?:\.md)?[, ]|catalogue\.md|house-review)/g);
    expect(elsewhere.filter(({ path }) => !path.endsWith('references.test.ts'))).toEqual([]);
  });
});

it('docs/attacks.md lists every attack that is made, and no other', () => {
  const made = CATEGORIES.flatMap(({ attacks }) => attacks.map(({ id }) => id));
  const listed = [...read('docs/attacks.md').matchAll(/^\| (A-[A-Z]{2}\d\d) \|/gm)].map(([, id]) => id);
  expect(listed).toEqual(made);
});

/** Variables that are no settings: who starts a process of ours sets them. Each with the files that read it. */
const NO_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  // A child that ends with its parent.
  EXIT_WITH_PARENT: ['cli/serve/serve.ts', 'event-store-server/main.ts', 'gateway/run-gateway.ts'],
  // The image of the event store's own process.
  EVENT_STORE_DIR: ['event-store-server/main.ts'],
  EVENT_STORE_PORT: ['event-store-server/main.ts'],
  EVENT_STORE_HOST: ['event-store-server/main.ts'],
  // What the gateway tells the child that opens a document.
  DOCKET_OCR: ['gateway/ocr/scan-reader.ts'],
  DOCKET_DRAWING: ['gateway/pool/converter-child.ts'],
  // Crash points of tests.
  CRASH_AT: ['runtime/crash-points.ts'],
  CRASH_JOB: ['runtime/crash-points.ts'],
};

describe('the settings', () => {
  const product = code.filter(
    (path) => /\.tsx?$/.test(path) && !/^(tests|bench|simulation)\/|\.test\.ts$/.test(path),
  );
  const reads = [
    ...mentions(product, /\b(?:process\.env|environment|env)\.([A-Z][A-Z0-9_]+)/g),
    ...mentions(product, /\b(?:process\.env|environment|env)\[['"]([A-Z][A-Z0-9_]+)['"]\]/g),
  ];

  it('are read through runtime/settings/settings.ts alone, by the name that schemas/settings/config.ts declares', () => {
    expect(reads.length).toBeGreaterThan(8);
    expect(reads.filter(({ path, id }) => NO_SETTINGS[id]?.includes(path) !== true)).toEqual([]);
    expect(Object.keys(NO_SETTINGS).filter((name) => name in Settings.shape)).toEqual([]);
    const byVariable = mentions(product, /\bprocess\.env(\[(?!['"]))/g);
    expect(byVariable).toEqual([]);
  });

  it('have no entry in that list that nobody reads any more', () => {
    const isRead = ([name, paths]: readonly [string, readonly string[]]) =>
      paths.every((path) => reads.some((read) => read.id === name && read.path === path));
    expect(Object.entries(NO_SETTINGS).filter((entry) => !isRead(entry))).toEqual([]);
  });
});

describe('the decisions in docs/adr', () => {
  it('have one head: a number, a claim, and whether it stands', () => {
    expect(adrHeads(ROOT).filter((head) => head.fault !== null)).toEqual([]);
  });

  it('are all in the index (node tests/adr-index.ts --write)', () => {
    expect(read('docs/adr/README.md')).toBe(adrIndex(ROOT));
  });
});
