import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Ink } from '../pdf/image-ink.ts';
import type { OcrLanguage } from './languages.ts';

/** A word that OCR found, and its box in dots from the top left. */
export interface SeenWord {
  readonly text: string;
  /** The confidence of the OCR engine, 0 to 1. */
  readonly confidence: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const require = createRequire(import.meta.url);

/**
 * The part of `tesseract-wasm` that this file uses. The package.json of the package names a wrong place for its
 * types.
 */
interface TesseractWasm {
  supportsFastBuild(): boolean;
  createOCREngine(options: { readonly wasmBinary: Uint8Array }): Promise<Engine>;
}

interface Engine {
  loadModel(model: Uint8Array): void;
  loadImage(image: {
    readonly data: Uint8ClampedArray;
    readonly width: number;
    readonly height: number;
  }): void;
  setVariable(name: string, value: string): void;
  getTextBoxes(unit: 'word'): readonly TextBox[];
  destroy(): void;
}

interface TextBox {
  readonly text: string;
  readonly confidence: number;
  readonly rect: Omit<SeenWord, 'text' | 'confidence'>;
}

const enginePath = require.resolve('tesseract-wasm');

/**
 * Reads the whole page as one block, from side to side. Other modes drop short numbers that stand far apart in a table.
 */
const ONE_BLOCK = '6';

/**
 * Reads the words of a picture in one language. The engine runs in this thread and fetches nothing. Each call uses a
 * new engine, so that earlier pictures do not change the result.
 */
export async function recognise(ink: Ink, language: OcrLanguage): Promise<SeenWord[]> {
  const words = await wordsOfEngine(ink, language);
  // An engine holds 50 to 150 MB outside of V8's heap. Here, after the return, nothing refers to it any more.
  globalThis.gc?.();
  return words;
}

async function wordsOfEngine(ink: Ink, language: OcrLanguage): Promise<SeenWord[]> {
  const tesseract = (await import(pathToFileURL(enginePath).href)) as TesseractWasm;
  const build = tesseract.supportsFastBuild() ? 'tesseract-core.wasm' : 'tesseract-core-fallback.wasm';
  const engine = await tesseract.createOCREngine({
    wasmBinary: readFileSync(join(dirname(enginePath), build)),
  });
  try {
    engine.loadModel(modelOf(language));
    engine.loadImage(inColours(ink));
    // Loading an image resets the mode, so the mode is set after the loading.
    engine.setVariable('tessedit_pageseg_mode', ONE_BLOCK);
    return engine
      .getTextBoxes('word')
      .map(({ text, confidence, rect }) => ({ text: text.trim(), confidence, ...rect }));
  } finally {
    engine.destroy();
  }
}

/** The folder in which the model of each language is installed. */
const MODELS: Readonly<Record<OcrLanguage, () => string>> = {
  eng: () => require.resolve('@tesseract.js-data/eng/package.json'),
  por: () => require.resolve('@tesseract.js-data/por/package.json'),
  deu: () => require.resolve('@tesseract.js-data/deu/package.json'),
  fra: () => require.resolve('@tesseract.js-data/fra/package.json'),
  spa: () => require.resolve('@tesseract.js-data/spa/package.json'),
};

function modelOf(language: OcrLanguage): Uint8Array {
  const folder = dirname(MODELS[language]());
  return gunzipSync(readFileSync(join(folder, '4.0.0_best_int', `${language}.traineddata.gz`)));
}

/** Writes four bytes for each dot, because the OCR engine reads only this form. */
function inColours({ gray, width, height }: Ink): Parameters<Engine['loadImage']>[0] {
  const dots = new Uint32Array(gray.length);
  for (let at = 0; at < gray.length; at += 1) dots[at] = 0xff000000 | ((gray[at] ?? 0) * 0x010101);
  return { data: new Uint8ClampedArray(dots.buffer), width, height };
}
