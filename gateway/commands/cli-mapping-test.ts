import { parseArgs } from 'node:util';
import { CliFailure, mappingFolder } from './cli-failure.ts';
import { openCliPool } from './cli-pool.ts';
import { openOfficialRules } from '../accuracy/official-rules.ts';
import { documentLines, summarise } from '../accuracy/report.ts';
import { testMapping } from '../accuracy/test-mapping.ts';
import { loadMappings } from '../mapping/registry.ts';
import { givenSetting } from '../../runtime/settings/settings.ts';

const USAGE = 'Say: docket mapping test DIR --mapping ID [--json] [--verbose] [--mappings FOLDER].';

/**
 * `docket mapping test DIR --mapping ID [--json]`: scores a mapping against a folder of PDFs with their true values.
 * When `EN16931_STYLESHEET` names the official rules, the command also applies them to each result.
 * @param argv what follows `mapping test`
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
  const [folder, ...more] = positionals;
  const mappingId = values.mapping;
  const registry = loadMappings(mappingFolder(values.mappings));
  const mapping = mappingId === undefined ? undefined : registry.get(mappingId);
  const isScored = mapping?.reader === 'invoice' || mapping?.reader === 'detect';
  const isAsked = folder !== undefined && more.length === 0;
  if (!isAsked || mappingId === undefined || !isScored)
    throw new CliFailure(
      'USAGE',
      isAsked && mapping && !isScored
        ? `${mappingId} does not read invoices; there is nothing to score.`
        : USAGE,
    );
  // With `--json`, stdout holds the result alone, so that a program can parse it.
  const telling = values.json === true ? process.stderr : process.stdout;
  const pool = await openCliPool({ drawing: false, mappings: registry.own() });
  try {
    const stylesheet = givenSetting('EN16931_STYLESHEET', process.env);
    const report = summarise(
      await testMapping(pool, {
        folder,
        mappingId,
        official: stylesheet === undefined ? undefined : openOfficialRules(stylesheet),
        onDocument: (one) => {
          if (values.verbose === true) telling.write(`${documentLines(one).join('\n')}\n`);
        },
      }),
    );
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify(report)}\n`
        : `${Object.entries(report)
            .filter(([, value]) => value !== undefined)
            .map(
              ([name, value]) =>
                `${name.padEnd(17)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
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
