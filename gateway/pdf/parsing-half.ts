import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/** A dictionary of a PDF, as pdfjs parses it. */
export interface PdfDictionary {
  get(key: string): unknown;
  getRaw(key: string): unknown;
}

/** The catalog of a PDF: the class of pdfjs that reads attachments. */
export interface PdfCatalog {
  readonly xref: { fetchIfRef(value: unknown): unknown };
  cloneDict(): PdfDictionary;
  /**
   * Returns the dictionaries of all pages.
   * @param recover true to return the readable pages of a damaged page tree
   */
  getAllPageDicts(
    recover: boolean,
  ): Promise<ReadonlyMap<number, readonly [page: unknown, reference: unknown]>>;
  attachmentContent(id: string): unknown;
}

/** Bytes that are read in order; `reset` returns to the start. */
export interface ByteStream {
  getBytes(): Uint8Array;
  reset(): void;
}

/** The properties of a font that pdfjs knows before it reads the font file. */
export interface FontProperties {
  readonly composite?: boolean;
  readonly hasIncludedToUnicodeMap?: boolean;
  readonly hasEncoding?: boolean;
}

/** A font of a PDF as pdfjs parses it. */
export interface PdfFont {
  readonly fontExtraProperties?: boolean;
  checkAndRepair: (this: PdfFont, name: string, file: ByteStream, properties: FontProperties) => Uint8Array;
}

/** An image of a PDF as pdfjs parses it. */
export interface PdfImage {
  readonly smask?: unknown;
  readonly mask?: unknown;
  readonly colorSpace?: { readonly name: string };
  createImageData(forceRgba: boolean, isOffscreenCanvasSupported: boolean): Promise<unknown>;
}

/** The data from which pdfjs makes an image. */
export interface ImageSource {
  readonly xref: {
    readonly pdfManager: { readonly evaluatorOptions: { readonly fontExtraProperties?: boolean } };
  };
}

/** The classes and functions of pdfjs's parsing half that pdfjs does not export. */
export interface ParsingInternals {
  readonly Catalog: { readonly prototype: PdfCatalog };
  readonly Dict: new () => PdfDictionary;
  readonly Ref: new () => { toString(): string };
  readonly FileSpec: (new (specification: unknown) => { readonly filename: string }) & {
    readContent(specification: unknown): Uint8Array | null;
  };
  readonly stringToPDFString: (text: string, keepEscapes?: boolean) => string;
  readonly Font: { readonly prototype: PdfFont };
  readonly PDFImage: {
    buildImage(source: ImageSource): Promise<Pick<PdfImage, 'createImageData'> & Partial<PdfImage>>;
  };
}

const NAMES = ['Catalog', 'Dict', 'Ref', 'FileSpec', 'stringToPDFString', 'Font', 'PDFImage'] as const;

/**
 * Loads the parsing half of pdfjs with two changes of its text. First, a line at the end exports the names above.
 * They are needed because pdfjs returns a name tree as a map, which keeps only one attachment for each key, and
 * because it ignores `/AF` (ADR 0166). Second, `withFlatStates` makes its change.
 * @returns undefined when Node's loader takes no hooks, as in Jest: the text is then unchanged, and attachments
 * cannot be read
 */
export async function loadParsingHalf(path: string): Promise<ParsingInternals | undefined> {
  const address = pathToFileURL(path).href;
  const hooks = registerTextChanges(address);
  try {
    const half = (await import(address)) as Partial<ParsingInternals>;
    return half.Catalog === undefined ? undefined : (half as ParsingInternals);
  } finally {
    hooks?.deregister();
  }
}

/** Registers hooks that change the text of one module; undefined when the loader takes no hooks. */
function registerTextChanges(address: string): { deregister(): void } | undefined {
  try {
    return registerHooks({
      load: (url, context, next) => {
        const loaded = next(url, context);
        if (url !== address || loaded.source === undefined || loaded.source === null) return loaded;
        const text =
          typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
        return { ...loaded, source: `${withFlatStates(text)}\nexport { ${NAMES.join(', ')} };` };
      },
    });
  } catch (error) {
    // Jest's loader refuses hooks. The class of its error belongs to another realm, so `instanceof` does not
    // recognise it.
    if (String(error).includes('not supported in Jest')) return undefined;
    throw error;
  }
}

/** The statement in pdfjs's text that copies its evaluator's state for each `q`. */
const CHAINED = `const clone = Object.create(this);
    if (newPath)`;

/** The statement that replaces `CHAINED`. It makes the copy without a prototype chain. */
const FLAT = `const clone = Object.assign(Object.create(EvalState.prototype), this);
    if (newPath)`;

/**
 * Changes pdfjs's text, so that it copies the evaluator's state flat. pdfjs itself makes the saved state the
 * prototype of the next state. A page with n nested `q` then has a prototype chain of length n, and V8 walks it at
 * every access. A small file can hold 20,000 nested `q`, which take half a minute. Flat copies take time linear in n.
 * @throws Error for a pdfjs that copies the state in another way
 */
function withFlatStates(text: string): string {
  const parts = text.split(CHAINED);
  if (parts.length !== 2) throw new Error('This pdfjs copies its saved states in another way.');
  return parts.join(FLAT);
}
