/** `ReadReq` (streams.proto): a read or a subscription, of one stream or of `$all`. */
import { forEachField, MalformedMessage } from './protobuf.ts';

/** The place where a read begins: a revision of a stream or a position of `$all`. */
export type ReadFrom =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  /** `prepare` is the prepare position in `$all`; for a stream it equals the revision. */
  | { readonly kind: 'at'; readonly at: number; readonly prepare: number };

export interface ReadFilter {
  readonly on: 'stream' | 'event-type';
  readonly prefixes: readonly Buffer[];
  /** The regular expression, used when there is no prefix; '' when there is no filter. */
  readonly regex: string;
  /** Number of considered events between two checkpoints of a subscription. */
  readonly checkpointEvery: number;
}

export interface ReadRequest {
  /** The stream to read. Null: the read is of `$all`. */
  readonly stream: Buffer | null;
  readonly from: ReadFrom;
  readonly isBackwards: boolean;
  readonly resolvesLinks: boolean;
  /** The most events that the read yields. Infinity for a subscription. */
  readonly maxCount: number;
  readonly isSubscription: boolean;
  readonly filter: ReadFilter | null;
}

/** Events considered between two checkpoints when the client names no window (EventStoreDB's default). */
const DEFAULT_SEARCH_WINDOW = 32;

interface Target {
  stream: Buffer | null;
  from: ReadFrom;
}

/** `StreamOptions { stream_identifier = 1 { stream_name = 3 }, revision = 2, start = 3, end = 4 }`. */
function readStreamOptions(bytes: Buffer, start: number, end: number): Target {
  const target: Target = { stream: bytes.subarray(0, 0), from: { kind: 'start' } };
  forEachField(bytes, start, end, (field, value, from, to) => {
    if (field === 1)
      forEachField(bytes, from, to, (part, _value, nameFrom, nameTo) => {
        if (part === 3) target.stream = bytes.subarray(nameFrom, nameTo);
      });
    else if (field === 2) target.from = { kind: 'at', at: value, prepare: value };
    else if (field === 4) target.from = { kind: 'end' };
  });
  return target;
}

/** `AllOptions { position = 1 { commit_position = 1, prepare_position = 2 }, start = 2, end = 3 }`. */
function readAllOptions(bytes: Buffer, start: number, end: number): Target {
  const target: Target = { stream: null, from: { kind: 'start' } };
  forEachField(bytes, start, end, (field, _value, from, to) => {
    if (field === 3) target.from = { kind: 'end' };
    else if (field === 1) {
      let at = 0;
      let prepare = 0;
      forEachField(bytes, from, to, (part, value) => {
        if (part === 1) at = value;
        else prepare = value;
      });
      target.from = { kind: 'at', at, prepare };
    }
  });
  return target;
}

/**
 * `FilterOptions { stream_identifier = 1, event_type = 2, max = 3, count = 4, checkpointIntervalMultiplier = 5 }`
 * with `Expression { regex = 1, prefix = 2 }`.
 */
function readFilter(bytes: Buffer, start: number, end: number): ReadFilter {
  let on: ReadFilter['on'] = 'stream';
  let regex = '';
  let window = DEFAULT_SEARCH_WINDOW;
  let multiplier = 1;
  const prefixes: Buffer[] = [];
  forEachField(bytes, start, end, (field, value, from, to) => {
    if (field === 1 || field === 2) {
      on = field === 1 ? 'stream' : 'event-type';
      forEachField(bytes, from, to, (part, _value, textFrom, textTo) => {
        if (part === 1) regex = bytes.toString('utf8', textFrom, textTo);
        else if (part === 2) prefixes.push(bytes.subarray(textFrom, textTo));
      });
    } else if (field === 3) window = value;
    else if (field === 5) multiplier = value;
  });
  return { on, regex, prefixes, checkpointEvery: Math.max(1, window * multiplier) };
}

/**
 * Reads `ReadReq { options = 1 }`. Options: 1 stream, 2 all, 3 direction, 4 resolve links, 5 count, 6 subscription, 7
 * filter.
 * @throws MalformedMessage
 */
export function readReadRequest(bytes: Buffer): ReadRequest {
  let target: Target | null = null;
  let isBackwards = false;
  let resolvesLinks = false;
  let maxCount = 0;
  let isSubscription = false;
  let filter: ReadFilter | null = null;
  forEachField(bytes, 0, bytes.length, (_options, _none, optionsFrom, optionsTo) => {
    forEachField(bytes, optionsFrom, optionsTo, (field, value, from, to) => {
      if (field === 1) target = readStreamOptions(bytes, from, to);
      else if (field === 2) target = readAllOptions(bytes, from, to);
      else if (field === 3) isBackwards = value === 1;
      else if (field === 4) resolvesLinks = value !== 0;
      else if (field === 5) maxCount = value;
      else if (field === 6) isSubscription = true;
      else if (field === 7) filter = readFilter(bytes, from, to);
    });
  });
  if (target === null) throw new MalformedMessage('a read of neither a stream nor $all');
  const { stream, from } = target as Target;
  return {
    stream,
    from,
    isBackwards,
    resolvesLinks,
    maxCount: isSubscription ? Infinity : maxCount,
    isSubscription,
    filter,
  };
}
