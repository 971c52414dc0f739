import { CodedError } from '../../schemas/errors/coded-error.ts';

/** A mapping is missing, not allowed or not valid. `path` names the file and the place of the fault in it. */
export class MappingInvalid extends CodedError {
  readonly code = 'MAPPING_INVALID';
  readonly path: string;
  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}
