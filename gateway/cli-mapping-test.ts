import { parseArgs } from 'node:util';
import { stderrLog } from './log.ts';
import { testMapping } from './accuracy/test-mapping.ts';
import { loadMappings } from './mapping/registry.ts';
import { DEFAULT_POOL_LIMITS, openPool } from './pool/child-pool.ts';

const usage = 'Usage: docket mapping test DIR --mapping ID [--json] [--verbose] [--mappings FOLDER]\n';

/**
 * `docket mapping test DIR --mapping ID [--json]`: scores a mapping against a folder of PDFs with truth.
 * @returns the process's exit code: 0, 2 for a wrong call, 1 for a folder without truth
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
  const [folder] = positionals;
  const mappingId = values.mapping;
  const mapping = mappingId === undefined ? undefined : loadMappings(values.mappings).get(mappingId);
  if (folder === undefined || mappingId === undefined || mapping?.reader !== 'invoice') {
    process.stderr.write(
      mapping && mapping.reader !== 'invoice'
        ? `${mappingId} does not read invoices; there is nothing to score.\n`
        : usage,
    );
    return 2;
  }
  const pool = openPool(
    { ...DEFAULT_POOL_LIMITS, children: 1 },
    { drawing: false, mappingFolder: values.mappings },
    stderrLog(),
  );
  try {
    const { report } = await testMapping(pool, folder, mappingId, (one) => {
      if (values.verbose !== true) return;
      process.stdout.write(
        `${one.truth.file}: ${one.answer}${one.warnings.length > 0 ? ` (${one.warnings.join(' ')})` : ''}${one.silentWrong ? ' SILENT WRONG' : ''}\n`,
      );
      if (one.message !== '') process.stdout.write(`    ${one.message}\n`);
      for (const difference of one.answer === 'OK' ? one.differences : [])
        process.stdout.write(`    ${difference}\n`);
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
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await pool.close(0);
  }
}
