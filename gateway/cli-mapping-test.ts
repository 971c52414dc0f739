import { parseArgs } from 'node:util';
import { CliFailure } from './cli-failure.ts';
import { openCliPool } from './cli-pool.ts';
import { testMapping } from './accuracy/test-mapping.ts';
import { loadMappings } from './mapping/registry.ts';

const USAGE = 'Say: docket mapping test DIR --mapping ID [--json] [--verbose] [--mappings FOLDER].';

/**
 * `docket mapping test DIR --mapping ID [--json]`: scores a mapping against a folder of PDFs with truth.
 * @param argv what follows `mapping`
 * @returns the process's exit code: 0
 * @throws CliFailure for a wrong call, or a folder without truth
 */
export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      mapping: { type: 'string' },
      json: { type: 'boolean' },
      verbose: { type: 'boolean' },
      mappings: { type: 'string' },
    },
  });
  const [action, folder, ...more] = positionals;
  const mappingId = values.mapping;
  const mapping = mappingId === undefined ? undefined : loadMappings(values.mappings).get(mappingId);
  const isAsked = action === 'test' && folder !== undefined && more.length === 0;
  if (!isAsked || mappingId === undefined || mapping?.reader !== 'invoice')
    throw new CliFailure(
      'USAGE',
      isAsked && mapping && mapping.reader !== 'invoice'
        ? `${mappingId} does not read invoices; there is nothing to score.`
        : USAGE,
    );
  // What is told on the way must not stand between the result and whoever reads it as JSON.
  const telling = values.json === true ? process.stderr : process.stdout;
  const pool = await openCliPool({ drawing: false, mappingFolder: values.mappings });
  try {
    const { report } = await testMapping(pool, folder, mappingId, (one) => {
      if (values.verbose !== true) return;
      telling.write(
        `${one.truth.file}: ${one.answer}${one.warnings.length > 0 ? ` (${one.warnings.join(' ')})` : ''}${one.silentWrong ? ' SILENT WRONG' : ''}\n`,
      );
      if (one.message !== '') telling.write(`    ${one.message}\n`);
      for (const difference of one.answer === 'OK' ? one.differences : [])
        telling.write(`    ${difference}\n`);
    });
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify(report)}\n`
        : `${Object.entries(report)
            .map(
              ([name, value]) =>
                `${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
            )
            .join('\n')}\n`,
    );
    return 0;
  } catch (error) {
    throw new CliFailure('MAPPING_NOT_SCORED', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  } finally {
    await pool.close(0);
  }
}
