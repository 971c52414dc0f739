import { readFileSync } from 'node:fs';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { givenSetting } from '../../runtime/settings/settings.ts';

/** The reason why a command of the gateway failed. `docket` prints its sentence, or the error as JSON. */
export class CliFailure extends CodedError {
  readonly code: 'USAGE' | 'DOCUMENT_REFUSED' | 'MAPPING_NOT_SCORED' | 'GATEWAY_FAILED';
  /** The exit code of the process. */
  readonly exitCode: number;

  constructor(code: CliFailure['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = code === 'USAGE' ? 2 : 1;
  }
}

/**
 * Reads a file that the command line names.
 * @throws CliFailure when it cannot be read
 */
export function readGiven(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CliFailure('USAGE', `${file} cannot be read (${code}).`, { cause: error });
  }
}

/**
 * The folder of the operator's own mappings, from the command line or else from the setting; undefined when neither
 * names a folder.
 */
export function mappingFolder(given: string | undefined): string | undefined {
  const folder = given ?? givenSetting('GATEWAY_MAPPINGS', process.env);
  return folder === '' ? undefined : folder;
}
