import { referenceTo } from '../mapping/reference.ts';
import { openDocument } from '../pdf/open-document.ts';
import { registryOf } from '../mapping/registry.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { ConverterOutcome, ConverterTask } from '../protocol/child-protocol.ts';
import { convertEmbedded } from '../embedded/convert-embedded.ts';
import { convertDetected } from '../detect/convert-detected.ts';
import { xmlTextOf } from '../embedded/xml-root.ts';
import { inFormat } from '../formats/formats.ts';
import { explain } from '../explain/explain.ts';
import { prepareDrawing } from '../explain/canvas.ts';
import { pagePicture } from '../explain/page-picture.ts';
import { convertInvoice, type ReadPages } from '../invoice/convert-invoice.ts';
import { handedOver } from '../invoice/hand-over.ts';
import { convertTimetable } from '../timetable/convert-timetable.ts';
import { convertLayout } from '../layout/convert-layout.ts';

/** The most bytes of a result. A larger result is refused as `PDF_LIMIT`. */
export const RESULT_BYTES_MAX = 64 * 1024 * 1024;

let registry: MappingRegistry | undefined;

/** Sets the operator's own mappings. The conversions that begin after this call use them. */
export function takeMappings(own: readonly Mapping[]): void {
  registry = registryOf(own);
}

/**
 * Converts one document in this process. In production only a converter child calls this.
 * @throws Refusal for every document that it does not convert
 */
export async function convert(task: ConverterTask): Promise<ConverterOutcome> {
  if (task.kind === 'format') return reformatted(task);
  registry ??= registryOf([]);
  const asked = registry.get(task.mappingId);
  if (!asked) throw new Refusal('UNKNOWN_MAPPING', `There is no mapping ${task.mappingId}.`);
  const canvas = task.kind === 'explain-image' ? await prepareDrawing() : undefined;
  const document = await openDocument(task.pdf, canvas ? 'draw' : 'read');
  try {
    const { mapping, pages } = await handedOver(asked, registry, document);
    if (canvas && task.picture)
      return sideResult(
        mapping,
        document,
        'image/png',
        await pagePicture(canvas, { mapping, registry }, document, task.picture),
      );
    if (task.kind === 'explain')
      return sideResult(
        mapping,
        document,
        'application/json',
        new TextEncoder().encode(JSON.stringify(await explain(mapping, registry, document))),
      );
    const outcome = await byReader(task, { mapping, registry }, document, pages).catch((error: unknown) => {
      throw mapping === asked ? error : namingMapping(error, mapping);
    });
    if (outcome.ok && outcome.body.byteLength > RESULT_BYTES_MAX)
      throw new Refusal('PDF_LIMIT', `The result would be larger than ${RESULT_BYTES_MAX / 1024 / 1024} MB.`);
    return outcome.ok
      ? { convertedBy: referenceTo(mapping), ...outcome, mappingVersion: asked.version }
      : outcome;
  } finally {
    await document.loadingTask.destroy();
  }
}

/**
 * Writes a result in another format. It opens no PDF.
 * @throws Refusal `FORMAT_NOT_POSSIBLE`
 */
function reformatted({ pdf: result, format }: ConverterTask): ConverterOutcome {
  if (format === undefined) throw new Error('The task has no format.');
  const { text, mediaType } = inFormat(xmlTextOf(result)?.text ?? '', format);
  const body = new TextEncoder().encode(text);
  return { ok: true, body, mediaType, pages: 0, mappingVersion: 0, warnings: [] };
}

type Document = Awaited<ReturnType<typeof openDocument>>;

/** Adds the mapping to the message of a refusal, because the caller did not ask for that mapping. */
function namingMapping(error: unknown, { id }: Mapping): unknown {
  if (!(error instanceof Refusal)) return error;
  return new Refusal(error.code, `${error.message} It was read by the mapping ${id}.`, {
    cause: error.cause,
  });
}

function sideResult(
  mapping: Mapping,
  document: Document,
  mediaType: 'application/json' | 'image/png',
  body: Uint8Array,
): ConverterOutcome {
  return {
    ok: true,
    body,
    mediaType,
    pages: document.numPages,
    mappingVersion: mapping.version,
    warnings: [],
  };
}

async function byReader(
  task: ConverterTask,
  { mapping, registry: known }: { readonly mapping: Mapping; readonly registry: MappingRegistry },
  document: Document,
  pages: ReadPages | undefined,
): Promise<ConverterOutcome> {
  switch (mapping.reader) {
    case 'detect':
      return convertDetected(mapping, known, document);
    case 'layout':
      return convertLayout(mapping, document);
    case 'embedded':
      return convertEmbedded(mapping, document);
    case 'invoice':
      return convertInvoice(mapping, document, pages);
    case 'timetable':
      if (task.madeAt === undefined) throw new Error('The task of a timetable has no madeAt.');
      return convertTimetable(mapping, document, { parameters: task.parameters, madeAt: task.madeAt });
  }
}
