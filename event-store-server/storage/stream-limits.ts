/**
 * Decides which events of a stream its metadata hides: `$maxCount`, `$maxAge` (seconds), `$tb` (truncate before). A
 * soft delete is a `$tb` of the largest int64.
 */

/** The prefix of a stream's metadata stream. */
export const METADATA_PREFIX = '$$';
const DOLLAR = 0x24;

export interface StreamLimits {
  readonly maxCount: number;
  readonly maxAgeMs: number;
  /** Events before this revision are hidden. */
  readonly truncateBefore: number;
  readonly isSoftDeleted: boolean;
}

export const NO_LIMITS: StreamLimits = {
  maxCount: Infinity,
  maxAgeMs: Infinity,
  truncateBefore: 0,
  isSoftDeleted: false,
};

/** EventStoreDB keeps only the last event of each metadata stream. */
export const METADATA_LIMITS: StreamLimits = { ...NO_LIMITS, maxCount: 1 };

const DELETED_TEXT = '9223372036854775807';

export const isMetadataStream = (name: Buffer): boolean => name[0] === DOLLAR && name[1] === DOLLAR;

export const metadataStreamOf = (name: Buffer): Buffer => Buffer.concat([Buffer.from(METADATA_PREFIX), name]);

export const describedStream = (metadataStream: Buffer): Buffer =>
  metadataStream.subarray(METADATA_PREFIX.length);

function readJsonObject(content: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Metadata that is not JSON limits nothing, as in EventStoreDB.
  }
  return {};
}

const atLeast = (value: unknown, least: number, otherwise: number): number =>
  typeof value === 'number' && value >= least ? value : otherwise;

/** Reads the limits from the content of a metadata event. A value of another form sets no limit. */
export function readStreamLimits(content: Buffer): StreamLimits {
  const metadata = readJsonObject(content);
  const truncateBefore = atLeast(metadata.$tb, 0, 0);
  return {
    maxCount: atLeast(metadata.$maxCount, 1, Infinity),
    maxAgeMs: atLeast(metadata.$maxAge, 1, Infinity) * 1000,
    truncateBefore: Math.min(truncateBefore, Number.MAX_SAFE_INTEGER),
    isSoftDeleted: truncateBefore > Number.MAX_SAFE_INTEGER,
  };
}

/**
 * The metadata `content` with `$tb` set to a revision or to "deleted".
 * @param content null when the stream has none
 */
export function withTruncateBefore(content: Buffer | null, truncateBefore: number | 'deleted'): Buffer {
  const metadata = content === null ? {} : readJsonObject(content);
  delete metadata.$tb;
  const rest = JSON.stringify(metadata).slice(1, -1);
  // The number is written as text, because a JavaScript number cannot hold the largest int64.
  const revision = truncateBefore === 'deleted' ? DELETED_TEXT : truncateBefore.toString();
  return Buffer.from(`{"$tb":${revision}${rest === '' ? '' : `,${rest}`}}`);
}
