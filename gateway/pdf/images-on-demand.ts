import type { ParsingInternals, PdfImage } from './parsing-half.ts';

/** An image that is not decoded yet, in the form in which pdfjs passes images. */
interface ImageOnDemand {
  /** pdfjs's ImageKind: 2 RGB, 3 with transparency. */
  readonly kind: number;
  /** Present because pdfjs reads its length. */
  readonly data: Uint8Array;
  /** Returns the decoded image, or null if that fails, as pdfjs itself does. */
  decode(): Promise<unknown>;
}

const NO_DOTS = new Uint8Array();

/**
 * Makes pdfjs leave images undecoded while a document is read: photographs and logos were a tenth of the time for
 * e-invoices. `decodedImage` decodes the few that reading needs (ADR 0190).
 */
export function decodeImagesOnDemand({ PDFImage }: ParsingInternals): void {
  const build = PDFImage.buildImage.bind(PDFImage);
  PDFImage.buildImage = async (source) => {
    const image = await build(source);
    const isForReading = source.xref.pdfManager.evaluatorOptions.fontExtraProperties === true;
    return isForReading ? { createImageData: (...how) => Promise.resolve(onDemand(image, how)) } : image;
  };
}

function onDemand(image: PdfImage, how: Parameters<PdfImage['createImageData']>): ImageOnDemand {
  const isTransparent =
    Boolean(image.smask) || Boolean(image.mask) || image.colorSpace?.name === 'DeviceRGBA';
  return {
    kind: isTransparent ? 3 : 2,
    data: NO_DOTS,
    // The rejection says that the image is damaged; its reason would not help a reader.
    decode: () => image.createImageData(...how).catch(() => null),
  };
}

/** Returns an image of the page with its dots; null for an image that cannot be decoded. */
export async function decodedImage(image: unknown): Promise<unknown> {
  const { decode } = (image ?? {}) as Partial<ImageOnDemand>;
  return decode === undefined ? image : decode();
}
