/**
 * The messages of EventStoreDB's `Operations` (operations.proto) that the embedded store supports.
 *
 *   StartScavengeReq  1 options: 1 thread_count, 2 start_from_chunk; and Docket's own 15 wait
 *   StopScavengeReq   1 options: 1 scavenge_id
 *   ScavengeResp      1 scavenge_id, 2 scavenge_result; and Docket's own 12 segments, 13 rewritten, 14 events, 15 bytes
 *
 * A server or a client that does not know Docket's own fields ignores them.
 */
import { bytesField, forEachField, message, varintField } from './protobuf.ts';

export const SCAVENGE_STARTED = 0;
export const SCAVENGE_IN_PROGRESS = 1;
export const SCAVENGE_STOPPED = 2;

const WAIT_FIELD = 15;

/** @throws MalformedMessage */
export function readStartScavenge(request: Buffer): { readonly waits: boolean } {
  let waits = false;
  forEachField(request, 0, request.length, (_options, _value, from, to) => {
    forEachField(request, from, to, (field, value) => {
      if (field === WAIT_FIELD) waits = value !== 0;
    });
  });
  return { waits };
}

/**
 * Returns the id in the request.
 * @throws MalformedMessage
 */
export function readStopScavenge(request: Buffer): string {
  let id = '';
  forEachField(request, 0, request.length, (_options, _value, from, to) => {
    forEachField(request, from, to, (field, _text, start, end) => {
      if (field === 1) id = request.toString('utf8', start, end);
    });
  });
  return id;
}

export const scavengeAnswer = (id: string, result: number): Buffer =>
  message(bytesField(1, id), varintField(2, result));

export interface FreedByScavenge {
  readonly outcome: 'done' | 'stopped' | 'failed';
  readonly segments: number;
  readonly rewritten: number;
  readonly events: number;
  readonly bytesFreed: number;
}

/** The answer at the end of a run. */
export const scavengeReport = (id: string, freed: FreedByScavenge): Buffer =>
  message(
    scavengeAnswer(id, freed.outcome === 'stopped' ? SCAVENGE_STOPPED : SCAVENGE_STARTED),
    varintField(12, freed.segments),
    varintField(13, freed.rewritten),
    varintField(14, freed.events),
    varintField(15, freed.bytesFreed),
  );
