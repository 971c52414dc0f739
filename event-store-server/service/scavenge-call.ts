/**
 * Serves `Operations.StartScavenge` and `StopScavenge`, as EventStoreDB does. A caller that asks to wait gets the
 * answer at the end of the run. Fields that EventStoreDB does not have then report what the run freed.
 */
import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Scavenge } from '../storage/scavenge.ts';
import {
  readStartScavenge,
  readStopScavenge,
  SCAVENGE_IN_PROGRESS,
  SCAVENGE_STARTED,
  SCAVENGE_STOPPED,
  scavengeAnswer,
  scavengeReport,
} from '../../event-store/wire/operations.ts';
import { refusal, refuseError } from './refusal.ts';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;

export function serveStartScavenge(call: UnaryCall, answer: Answer, scavenge: Scavenge): void {
  const { id, isNew, report } = scavenge.start();
  if (!readStartScavenge(call.request).waits) {
    answer(null, scavengeAnswer(id, isNew ? SCAVENGE_STARTED : SCAVENGE_IN_PROGRESS));
    return;
  }
  report.then(
    (done) => {
      if (done.outcome === 'failed') answer(refusal(status.ABORTED, done.reason ?? 'The scavenge failed.'));
      else answer(null, scavengeReport(id, done));
    },
    (error: unknown) => answer(refuseError(error)),
  );
}

export function serveStopScavenge(call: UnaryCall, answer: Answer, scavenge: Scavenge): void {
  const id = readStopScavenge(call.request);
  if (scavenge.stop(id)) answer(null, scavengeAnswer(id, SCAVENGE_STOPPED));
  else answer(refusal(status.NOT_FOUND, `No scavenge with the id ${id} is running.`));
}
