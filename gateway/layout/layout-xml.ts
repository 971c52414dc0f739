import type { PdfText } from '../pdf/read-pdf.ts';
import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import { blocksOf } from './blocks.ts';
import { writeXml } from '../output/xml-writer.ts';
import type { XmlNode } from '../output/xml-writer.ts';

/** Namespace of the structured-text document. */
export const LAYOUT_NAMESPACE = 'urn:docket:text-layout:1';

/**
 * Writes a document as XML: pages, blocks, lines and words. Boxes are in points from the top left of the page as shown.
 */
export function layoutXml(text: PdfText): string {
  const pages = text.pages.map((page): XmlNode => {
    const blocks = blocksOf(page).map((block): XmlNode => {
      const lines = block.lines.map((line): XmlNode => {
        const words = line.words.map((word): XmlNode => ({
          name: 'word',
          attributes: {
            ...boxAttributes(word.box),
            size: point(word.size),
            ...(word.bold ? { bold: 'true' } : {}),
            ...(word.ocr ? { ocr: point(word.ocr.certainty) } : {}),
          },
          text: word.text,
        }));
        return {
          name: 'line',
          attributes: boxAttributes(line.words.map((word) => word.box).reduce(union)),
          children: words,
        };
      });
      const box = block.lines.flatMap((line) => line.words.map((word) => word.box)).reduce(union);
      return {
        name: 'block',
        attributes: { ...boxAttributes(box), ...(block.rotated ? { rotated: 'true' } : {}) },
        children: lines,
      };
    });
    return {
      name: 'page',
      attributes: { number: String(page.page), width: point(page.width), height: point(page.height) },
      children: blocks,
    };
  });
  return writeXml({
    name: 'document',
    attributes: { xmlns: LAYOUT_NAMESPACE, pages: String(text.pages.length) },
    children: pages,
  });
}

function boxAttributes(box: Box): Record<string, string> {
  return {
    x: point(box.x0),
    y: point(box.y0),
    width: point(box.x1 - box.x0),
    height: point(box.y1 - box.y0),
  };
}

function point(value: number): string {
  return String(Math.round(value * 100) / 100);
}
