import { parseArgs } from 'node:util';
import { gatewayExplanationSchema } from '../../schemas/protocols/gateway-explanation.ts';
import { CliFailure, mappingFolder, readGiven } from './cli-failure.ts';
import { openCliPool } from './cli-pool.ts';
import { draftMapping } from '../mapping/draft-mapping.ts';
import { loadMappings } from '../mapping/registry.ts';

const USAGE = 'Say: docket mapping new FILE.pdf [--mapping ID] [--id NEW_ID] [--mappings FOLDER].';

/**
 * `docket mapping new FILE.pdf`: prints the draft of a mapping for the supplier of a document. It lists on stderr the
 * fields that the document does not show.
 * @param argv what follows `mapping new`
 * @returns the process's exit code: 0
 * @throws CliFailure for a wrong call, or a document that cannot be read
 */
export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      mapping: { type: 'string', default: 'eu_invoice_v1' },
      id: { type: 'string', default: 'supplier_v1' },
      mappings: { type: 'string' },
    },
  });
  const [file, ...more] = positionals;
  const registry = loadMappings(mappingFolder(values.mappings));
  const base = registry.get(values.mapping);
  if (file === undefined || more.length > 0 || base?.reader !== 'invoice')
    throw new CliFailure('USAGE', USAGE);
  const pdf = readGiven(file);
  const pool = await openCliPool({ drawing: false, mappings: registry.own() });
  try {
    const outcome = await pool.run({ kind: 'explain', mappingId: base.id, parameters: {}, pdf });
    if (!outcome.ok) throw new CliFailure('DOCUMENT_REFUSED', `${outcome.code}: ${outcome.message}`);
    const explanation = gatewayExplanationSchema.parse(JSON.parse(new TextDecoder().decode(outcome.body)));
    if (explanation.values.length === 0)
      throw new CliFailure('DOCUMENT_REFUSED', `${explanation.result.code}: ${explanation.result.message}`);
    const { mapping, notFound } = draftMapping(explanation, values.id);
    process.stdout.write(`${JSON.stringify(mapping, null, 2)}\n`);
    for (const what of notFound) process.stderr.write(`Not found: ${what}.\n`);
    return 0;
  } finally {
    await pool.close(0);
  }
}
