import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { GatewayLog } from '../log/gateway-log.ts';
import type { ConverterOutcome, ConverterTask } from '../protocol/child-protocol.ts';

export type TaskRequest = Omit<ConverterTask, 'id' | 'madeAt'>;

/** A document that waits for a child, or is with one. */
export interface Waiting {
  readonly task: TaskRequest;
  readonly resolve: (outcome: ConverterOutcome) => void;
  readonly reject: (error: Error) => void;
  /** A document whose child was ended by somebody else is tried once more. */
  retried: boolean;
}

/** One child and what it does. */
export interface Slot {
  readonly child: ChildProcess;
  state: 'starting' | 'idle' | 'busy' | 'ended';
  documents: number;
  current: Waiting | undefined;
  /** Set when the pool itself ends the child, with what to answer; `again`: nothing is known of the document. */
  verdict: ConverterOutcome | 'again' | undefined;
  unwatch: () => void;
  /** The one whose place this child takes when it is ready. */
  readonly inPlaceOf: Slot | undefined;
  /** Another child is coming up in its place. Until that one is ready, this one goes on. */
  successorComes: boolean;
  /** Its successor is ready: it ends when its document is done. */
  leaving: boolean;
}

export function newSlot(child: ChildProcess, inPlaceOf: Slot | undefined): Slot {
  return {
    child,
    inPlaceOf,
    state: 'starting',
    documents: 0,
    current: undefined,
    verdict: undefined,
    unwatch: () => undefined,
    successorComes: false,
    leaving: false,
  };
}

/** True for a child that has come up and has not ended. */
export function isUp({ state }: Slot): boolean {
  return state === 'idle' || state === 'busy';
}

/** Gives a child less of the processor than the others. */
export function giveLessPriority({ child }: Slot, log: GatewayLog): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    // Sending fails only when the child has ended, and the exit handler deals with that.
    log.info({ err: error }, 'a slow converter child could not be given less priority');
  }
}

/** SIGKILL, and wait until it is gone. */
export function endSlot(slot: Slot): Promise<void> {
  slot.unwatch();
  const { child } = slot;
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
