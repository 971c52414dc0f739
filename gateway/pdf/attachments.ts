import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { ParsingInternals, PdfCatalog, PdfDictionary } from './parsing-half.ts';

/** A file inside a PDF. */
export interface Attachment {
  /** The name in the file specification; empty when the specification has no name. */
  readonly filename: string;
  /** The key of the file in the name tree; undefined for a file that is not in the name tree. */
  readonly key: string | undefined;
  readonly place: 'name tree' | 'associated file' | 'annotation';
  /** The size of the contents in bytes. Undefined when the PDF has no contents for the name, or damaged contents. */
  readonly size: number | undefined;
  /** The contents of a file that begins like XML or has a name ending in `.xml`; undefined for every other file. */
  readonly bytes: Uint8Array | undefined;
}

/** The most attachments that are read in one document. */
export const ATTACHMENTS_MAX = 1_000;
const ENTRIES_MAX = 50_000;

/** An argument of pdfjs's `stringToPDFString`: it keeps escape sequences. */
const KEEP_ESCAPES = true;
/** An argument of pdfjs's `getAllPageDicts`: for a damaged page tree, pdfjs returns the pages that can be read. */
const RECOVER = true;

/** The converter passes this value to pdfjs in the place of an attachment's id. */
const EVERY_ATTACHMENT = 'docket:every-attachment';

/**
 * Makes pdfjs's catalog return every attachment of a document. The method of pdfjs returns one file for each key of
 * the name tree. The new method also returns files that share a key, and files that only `/AF` or a FileAttachment
 * annotation names. See ISO 32000-2, 7.11.4, 14.13 and 12.5.6.15.
 */
export function offerEveryAttachment(internals: ParsingInternals): void {
  const { Catalog } = internals;
  const contentOf = Object.getOwnPropertyDescriptor(Catalog.prototype, 'attachmentContent')?.value as
    PdfCatalog['attachmentContent'] | undefined;
  if (contentOf === undefined) throw new Error('The catalog of this pdfjs does not read attachments.');
  Catalog.prototype.attachmentContent = function (this: PdfCatalog, id: string): unknown {
    return id === EVERY_ATTACHMENT ? everyAttachment(this, internals) : contentOf.call(this, id);
  };
}

/**
 * Returns every file inside a PDF, each once.
 * @throws Error where `offerEveryAttachment` was not called
 */
export async function attachmentsOf(document: PDFDocumentProxy): Promise<readonly Attachment[]> {
  const asked = document as unknown as { getAttachmentContent(id: string): Promise<unknown> };
  const found = await asked.getAttachmentContent(EVERY_ATTACHMENT);
  if (!Array.isArray(found))
    throw new Error('The attachments of a PDF can be read in a converter child only.');
  return found as Attachment[];
}

interface Specification {
  readonly place: Attachment['place'];
  readonly key: string | undefined;
  readonly dictionary: PdfDictionary;
}

async function everyAttachment(catalog: PdfCatalog, internals: ParsingInternals): Promise<Attachment[]> {
  const { FileSpec } = internals;
  const seen = new Set<string>();
  const found: Attachment[] = [];
  for await (const { place, key, dictionary } of specifications(catalog, internals)) {
    const id = streamOf(dictionary, internals);
    if (id !== undefined && place !== 'name tree' && seen.has(id)) continue;
    if (id !== undefined) seen.add(id);
    const { filename } = new FileSpec(dictionary);
    const bytes = unlessDamaged(() => FileSpec.readContent(dictionary) ?? undefined);
    const isKept = bytes !== undefined && (/\.xml$/i.test(filename) || beginsLikeXml(bytes));
    found.push({ filename, key, place, size: bytes?.byteLength, bytes: isKept ? bytes : undefined });
    if (found.length > ATTACHMENTS_MAX) break;
  }
  return found;
}

/** True when the bytes begin with `<`. A byte order mark, blanks and the zeros of UTF-16 may stand before it. */
function beginsLikeXml(bytes: Uint8Array): boolean {
  const first = bytes
    .subarray(0, 200)
    .find((byte) => ![0, 9, 10, 13, 32, 0xef, 0xbb, 0xbf, 0xfe, 0xff].includes(byte));
  return first === 0x3c;
}

/** Returns undefined for a damaged object, so that the other attachments are still read. */
function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

/** The reference of the stream that holds a file. Several file specifications may name the same stream. */
function streamOf(specification: PdfDictionary, { Dict, Ref }: ParsingInternals): string | undefined {
  const held = unlessDamaged(() => specification.get('EF'));
  if (!(held instanceof Dict)) return undefined;
  const reference = ['UF', 'F', 'Unix', 'Mac', 'DOS'].map((key) => held.getRaw(key)).find(Boolean);
  return reference instanceof Ref ? reference.toString() : undefined;
}

async function* specifications(
  catalog: PdfCatalog,
  internals: ParsingInternals,
): AsyncGenerator<Specification> {
  const { Dict, stringToPDFString } = internals;
  const root = catalog.cloneDict();
  for (const [key, value] of nameTree(root, catalog, internals)) {
    const name = typeof key === 'string' ? stringToPDFString(key, KEEP_ESCAPES) : '';
    if (value instanceof Dict) yield { place: 'name tree', key: name, dictionary: value };
  }
  yield* listed(valueOf(root, 'AF'), 'associated file');
  const pages = await catalog.getAllPageDicts(RECOVER);
  for (const [page] of pages.values()) {
    if (!(page instanceof Dict)) continue;
    yield* listed(valueOf(page, 'AF'), 'associated file');
    for (const annotation of entriesOf(valueOf(page, 'Annots'))) {
      if (!(annotation instanceof Dict)) continue;
      yield* listed([valueOf(annotation, 'FS')], 'annotation');
      yield* listed(valueOf(annotation, 'AF'), 'associated file');
    }
  }

  function valueOf(dictionary: PdfDictionary, key: string): unknown {
    return unlessDamaged(() => dictionary.get(key));
  }
  function entriesOf(list: unknown): unknown[] {
    return (Array.isArray(list) ? list : []).slice(0, ENTRIES_MAX).map((entry) => fetched(catalog, entry));
  }
  function* listed(list: unknown, place: Attachment['place']): Generator<Specification> {
    for (const entry of entriesOf(list))
      if (entry instanceof Dict) yield { place, key: undefined, dictionary: entry };
  }
}

function fetched({ xref }: PdfCatalog, value: unknown): unknown {
  return unlessDamaged(() => xref.fetchIfRef(value));
}

/** Yields the pairs of the name tree of embedded files in their order. It skips damaged pairs. */
function* nameTree(
  root: PdfDictionary,
  catalog: PdfCatalog,
  { Dict, Ref }: ParsingInternals,
): Generator<readonly [key: unknown, value: unknown]> {
  const names = unlessDamaged(() => root.get('Names'));
  if (!(names instanceof Dict)) return;
  const visited = new Set<string>();
  const queue: unknown[] = [names.getRaw('EmbeddedFiles')];
  for (let at = 0; at < queue.length && at < ENTRIES_MAX; at += 1) {
    const reference = queue[at];
    if (reference instanceof Ref) {
      if (visited.has(reference.toString())) continue;
      visited.add(reference.toString());
    }
    const node = fetched(catalog, reference);
    if (!(node instanceof Dict)) continue;
    const kids = unlessDamaged(() => node.get('Kids'));
    if (Array.isArray(kids))
      queue.push(...(kids as unknown[]).slice(0, Math.max(0, ENTRIES_MAX - queue.length)));
    const pairs = unlessDamaged(() => node.get('Names'));
    if (!Array.isArray(pairs)) continue;
    for (let i = 0; i + 1 < pairs.length && i < ENTRIES_MAX; i += 2)
      yield [fetched(catalog, pairs[i]), fetched(catalog, pairs[i + 1])];
  }
}
