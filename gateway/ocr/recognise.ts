import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Ink } from '../pdf/image-ink.ts';
import type { OcrLanguage } from './languages.ts';

/** A word as recognised: its box in dots from the top left. */
export interface SeenWord {
  readonly text: string;
  /** 0 to 1, as the recogniser says. */
  readonly confidence: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const require = createRequire(import.meta.url);

/** The part of `tesseract-wasm` that is used; the types it ships are not where its package.json has them sought. */
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

/** The whole page is one block, read across: other modes drop short numbers that stand far apart in a table. */
const ONE_BLOCK = '6';

/**
 * The words of a picture, read in one language. It is read in this thread, nothing is fetched, and the recogniser is one
 * of its own, so that nothing that was read before changes what it says.
 */
export async function recognise(ink: Ink, language: OcrLanguage): Promise<SeenWord[]> {
  const tesseract = (await import(pathToFileURL(enginePath).href)) as TesseractWasm;
  const build = tesseract.supportsFastBuild() ? 'tesseract-core.wasm' : 'tesseract-core-fallback.wasm';
  const engine = await tesseract.createOCREngine({
    wasmBinary: readFileSync(join(dirname(enginePath), build)),
  });
  try {
    engine.loadModel(modelOf(language));
    engine.loadImage(inColours(ink));
    // An image brings its own mode along.
    engine.setVariable('tessedit_pageseg_mode', ONE_BLOCK);
    return engine
      .getTextBoxes('word')
      .map(({ text, confidence, rect }) => ({ text: text.trim(), confidence, ...rect }));
  } finally {
    engine.destroy();
  }
}

/** Where the models of a language are installed: with the package's own description. */
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

/** The recogniser takes four bytes a dot. */
function inColours({ gray, width, height }: Ink): Parameters<Engine['loadImage']>[0] {
  const dots = new Uint32Array(gray.length);
  for (let at = 0; at < gray.length; at += 1) dots[at] = 0xff000000 | ((gray[at] ?? 0) * 0x010101);
  return { data: new Uint8ClampedArray(dots.buffer), width, height };
}
