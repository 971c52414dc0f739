import { CliFailure } from './cli-failure.ts';
import { run as draft } from './cli-mapping-new.ts';
import { run as test } from './cli-mapping-test.ts';
import { mappingJsonSchema } from '../mapping/mapping-json-schema.ts';

const USAGE =
  'Say: docket mapping test FOLDER --mapping ID, docket mapping new FILE.pdf, or docket mapping schema.';

/**
 * `docket mapping ...`: scores a mapping, drafts a mapping from a document, or prints the JSON Schema of mappings for
 * an editor.
 * @param argv what follows `mapping`
 * @returns the process's exit code: 0
 * @throws CliFailure for a wrong call
 */
export async function run(argv: readonly string[]): Promise<number> {
  const [action, ...rest] = argv;
  switch (action) {
    case 'test':
      return test(rest);
    case 'new':
      return draft(rest);
    case 'schema':
      process.stdout.write(`${JSON.stringify(mappingJsonSchema(), null, 2)}\n`);
      return 0;
    default:
      throw new CliFailure('USAGE', USAGE);
  }
}
