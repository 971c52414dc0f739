import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { GatewayLog } from '../log/gateway-log.ts';
import type { ConverterOutcome, ConverterTask } from '../protocol/child-protocol.ts';

export type TaskRequest = Omit<ConverterTask, 'id' | 'madeAt'>;

/** A document that waits for a child or that a child converts. */
export interface Waiting {
  readonly task: TaskRequest;
  readonly resolve: (outcome: ConverterOutcome) => void;
  readonly reject: (error: Error) => void;
  /** True when a child ended with this document and the document was tried again. There is no third try. */
  retried: boolean;
}

/** One child and its state. */
export interface Slot {
  readonly child: ChildProcess;
  state: 'starting' | 'idle' | 'busy' | 'ended';
  documents: number;
  current: Waiting | undefined;
  /**
   * The outcome of the document, which the pool sets when it ends the child. `again` says that the document is not to
   * blame and is tried once more.
   */
  verdict: ConverterOutcome | 'again' | undefined;
  unwatch: () => void;
  /** The child that this child replaces as soon as it is ready. */
  readonly inPlaceOf: Slot | undefined;
  /** True when a successor has been started. This child continues until the successor is ready. */
  successorComes: boolean;
  /** True when the successor is ready. This child then ends after its document. */
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

/** True for a child that has started and has not ended. */
export function isUp({ state }: Slot): boolean {
  return state === 'idle' || state === 'busy';
}

/** Gives a child less processor time than the other children. */
export function giveLessPriority({ child }: Slot, log: GatewayLog): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    // This fails only when the child has ended. In this case, the exit handler gives the outcome.
    log.info({ err: error }, 'a slow converter child could not be given less priority');
  }
}

/** Sends SIGKILL and resolves when the child has ended. */
export function endSlot(slot: Slot): Promise<void> {
  slot.unwatch();
  const { child } = slot;
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
