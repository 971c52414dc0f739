import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import type { ChildPool } from '../gateway/pool/child-pool.ts';
import { hasUblSchemas, ublFaults } from '../tests/harness/ubl-schema.ts';

/** Counts the results of a folder that are valid against the XSD of UBL 2.1, and names the others. */
export async function schemaValidity(pool: ChildPool, folder: string, mappingId: string): Promise<string> {
  if (!hasUblSchemas) return 'UBL XSD: skipped, the schemas are not here';
  let results = 0;
  const faulty: string[] = [];
  await overResults(pool, folder, mappingId, (file, _pdf, body) => {
    results += 1;
    const [fault] = ublFaults(body);
    if (fault !== undefined) faulty.push(`\n  ${file}: ${fault}`);
  });
  return `UBL XSD: ${results - faulty.length} of ${results} results valid${faulty.join('')}`;
}

/**
 * Counts the PDFs of a folder whose embedded document is, byte for byte, one of the file's own streams. The streams
 * are found without a PDF library, so that the product's reading is not compared with itself.
 */
export async function embeddedBytes(pool: ChildPool, folder: string): Promise<string> {
  let same = 0;
  const other: string[] = [];
  const files = await overResults(pool, folder, 'einvoice_embedded_v1', (file, pdf, body) => {
    if (streamsOf(pdf).some((bytes) => bytes.equals(body)) || pdf.includes(Buffer.from(body))) same += 1;
    else other.push(`\n  ${file}: not one of its streams`);
  });
  return `einvoice_embedded_v1: ${same} of ${files} documents byte for byte${other.join('')}`;
}

async function overResults(
  pool: ChildPool,
  folder: string,
  mappingId: string,
  look: (file: string, pdf: Buffer, body: Uint8Array) => void,
): Promise<number> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.pdf'));
  for (const file of files) {
    const pdf = readFileSync(join(folder, file));
    const outcome = await pool.run({ kind: 'convert', mappingId, parameters: {}, pdf });
    if (outcome.ok) look(file, pdf, outcome.body);
  }
  return files.length;
}

const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

/** Returns every deflated stream of a file, unpacked. */
function streamsOf(pdf: Buffer): Buffer[] {
  const streams: Buffer[] = [];
  for (let at = pdf.indexOf('stream'); at >= 0; at = pdf.indexOf('stream', at + 6)) {
    if (pdf.subarray(Math.max(0, at - 3), at).toString('latin1') === 'end') continue;
    const start = at + (pdf[at + 6] === 0x0d ? 8 : 7);
    try {
      streams.push(inflateSync(pdf.subarray(start), { maxOutputLength: UNPACKED_BYTES_MAX }));
    } catch (error) {
      // The bytes were not deflated, or the word was part of a text. Every error except zlib's own is a fault of the
      // bench.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return streams;
}
