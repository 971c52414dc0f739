import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { PDFDocumentProxy, PDFWorker } from 'pdfjs-dist';
import { offerEveryAttachment } from './attachments.ts';
import { loadParsingHalf } from './parsing-half.ts';
import { Refusal } from '../protocol/refusal.ts';
import { ERROR_SENTENCES } from '../../schemas/errors/error-sentences.ts';
import { decodeImagesOnDemand } from './images-on-demand.ts';
import { sameThreadChannel, type Port } from './same-thread-port.ts';
import { leaveFontsUnmended } from './unmended-fonts.ts';
import { inflateSync } from 'node:zlib';

/** pdfjs needs these browser classes while it loads. Reading text and images never draws with them. */
class NotDrawnHere {}

/**
 * pdfjs adds every font to this object, and then regards the font as loaded. Without this object, pdfjs would compute
 * the outline of every glyph. Only drawing needs the outlines, which take a tenth of the time for an ordinary page.
 */
const FONTS_NOT_USED = { fonts: { add: () => undefined, delete: () => true } };
class FontNotUsed {
  readonly loaded = Promise.resolve(this);
}

/** The folder of pdfjs-dist, which holds its fonts, character maps and decoders. */
export const pdfjsFolder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

type Pdfjs = typeof import('pdfjs-dist');
let loaded: Promise<Pdfjs> | undefined;

/**
 * Loads pdfjs-dist once. Sets empty classes in the place of the browser's classes, unless real classes are already
 * set.
 */
export function loadPdfjs(): Promise<Pdfjs> {
  loaded ??= (async () => {
    const scope = globalThis as Record<string, unknown>;
    scope['DOMMatrix'] ??= NotDrawnHere;
    scope['Path2D'] ??= NotDrawnHere;
    scope['FontFace'] ??= FontNotUsed;
    scope['DecompressionStream'] = function DecompressionStream(format: string) {
      return inflateAtOnce(format);
    };
    const internals = await loadParsingHalf(join(pdfjsFolder, 'legacy/build/pdf.worker.mjs'));
    if (internals) {
      offerEveryAttachment(internals);
      leaveFontsUnmended(internals);
      decodeImagesOnDemand(internals);
    }
    return import('pdfjs-dist/legacy/build/pdf.mjs');
  })();
  return loaded;
}

/** Starts the parsing half of pdfjs in this thread, at the other end of a separate channel. */
function parserFor(pdfjs: Pdfjs): PDFWorker {
  const [near, far] = sameThreadChannel();
  const { pdfjsWorker } = globalThis as unknown as { pdfjsWorker: ParsingHalf };
  const worker = pdfjs.PDFWorker.create({ port: near as unknown as Worker, verbosity: 0 });
  pdfjsWorker.WorkerMessageHandler.initializeFromPort(far);
  return worker;
}

/** The object that `pdf.worker.mjs` puts into the global scope. */
interface ParsingHalf {
  readonly WorkerMessageHandler: { initializeFromPort(port: Port): void };
}

/** The settings for opening every document. pdfjs neither fetches files nor runs code of the document. */
export const READING_OPTIONS = {
  isEvalSupported: false,
  enableXfa: false,
  disableAutoFetch: true,
  disableStream: true,
  disableRange: true,
  useSystemFonts: false,
  useWorkerFetch: false,
  stopAtErrors: false,
  verbosity: 0,
  // A QR code needs a few hundred pixels a side. pdfjs does not decode images above this size.
  maxImageSize: 40_000_000,
  cMapUrl: join(pdfjsFolder, 'cmaps/'),
  cMapPacked: true,
  wasmUrl: join(pdfjsFolder, 'wasm/'),
  iccUrl: join(pdfjsFolder, 'iccs/'),
} as const;

/**
 * Opens a PDF.
 * @param use `draw` also prepares the outlines of glyphs
 * @throws Refusal `PDF_ENCRYPTED` when a user password is needed, `PDF_CORRUPT` when nothing readable is found.
 */
export async function openDocument(
  bytes: Uint8Array,
  use: 'read' | 'draw' = 'read',
): Promise<PDFDocumentProxy> {
  const pdfjs = await loadPdfjs();
  // pdfjs detaches the memory of the array that its caller gives, and refuses Node's Buffer.
  const own = new Uint8Array(bytes.byteLength);
  own.set(bytes);
  const fonts =
    use === 'draw'
      ? { disableFontFace: true, standardFontDataUrl: join(pdfjsFolder, 'standard_fonts/') }
      : // Of fonts that are not in the file only the widths are needed, and those pdfjs has.
        {
          // From this option, `leaveFontsUnmended` and `decodeImagesOnDemand` also know that nothing is drawn.
          fontExtraProperties: true,
          disableFontFace: false,
          ownerDocument: FONTS_NOT_USED as unknown as HTMLDocument,
        };
  const parser = use === 'draw' ? {} : { worker: parserFor(pdfjs) };
  const task = pdfjs.getDocument({ data: own, ...READING_OPTIONS, ...fonts, ...parser });
  try {
    const document = await task.promise;
    if (document.numPages < 1) throw new Refusal('PDF_CORRUPT', 'The file has no pages.');
    return document;
  } catch (error) {
    await task.destroy();
    throw refusalFor(error);
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : '';
  if (name === 'PasswordException' || /encrypt/i.test(message))
    return new Refusal('PDF_ENCRYPTED', ERROR_SENTENCES.PDF_ENCRYPTED, { cause: error });
  return new Refusal('PDF_CORRUPT', ERROR_SENTENCES.PDF_CORRUPT, { cause: error });
}

/** The most unpacked bytes of one stream. pdfjs unpacks larger streams itself, within the child's memory limit. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Replaces `DecompressionStream` when pdfjs unpacks a whole stream that is already in memory. A child converts one
 * document at a time, so another thread would save no time. The web stream around it takes more time than the
 * unpacking itself. Bytes that cannot be unpacked (cut off, damaged) make the read fail. pdfjs then uses its own
 * tolerant decoder.
 */
function inflateAtOnce(format: string): {
  writable: { getWriter(): object };
  readable: AsyncIterable<Uint8Array>;
} {
  const input = Promise.withResolvers<Uint8Array>();
  const writer = {
    ready: Promise.resolve(),
    write: (bytes: Uint8Array): Promise<void> => {
      input.resolve(bytes);
      return Promise.resolve();
    },
    close: (): Promise<void> => Promise.resolve(),
  };
  return {
    writable: { getWriter: () => writer },
    readable: {
      async *[Symbol.asyncIterator]() {
        if (format !== 'deflate') throw new TypeError(`${format} is not unpacked here`);
        yield inflateSync(await input.promise, { maxOutputLength: OUTPUT_BYTES_MAX });
      },
    },
  };
}
