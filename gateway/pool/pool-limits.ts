/** Bounds of the pool. Every one has a default in `DEFAULT_POOL_LIMITS`. */
export interface PoolLimits {
  readonly children: number;
  /** Documents that may wait for a free child; the next one is told to come back later. */
  readonly waitingMax: number;
  /** Processor time for one document in its child, not wall clock: on a starved machine a document takes long and is not to blame. */
  readonly documentCpuMsMax: number;
  /** A document whose child used no processor time for so long is tried in another child, once; then it is refused. */
  readonly documentStillMsMax: number;
  readonly residentBytesMax: number;
  /** A child is replaced after this many documents, so that a slow leak never matters. */
  readonly documentsPerChildMax: number;
  /** Processor time for the start of a child. */
  readonly startCpuMsMax: number;
  /** A starting child that used no processor time for so long is ended; one that moves on never is. */
  readonly startStillMsMax: number;
  /** A document that has used so much processor time is slow: it gets less of the processor, and another child takes its place. */
  readonly slowAfterCpuMs: number;
  /** Children beside `children` that stand in for ones busy with a slow document. Memory: as many times `residentBytesMax`. */
  readonly standInsMax: number;
  /** More unplanned replacements than this in a minute and new documents are turned away for a while. */
  readonly replacementsPerMinuteMax: number;
  /** So many children in a row that end while they start, none ever having come up, and the pool gives up. */
  readonly failedStartsMax: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  children: 2,
  waitingMax: 64,
  documentCpuMsMax: 20_000,
  documentStillMsMax: 10_000,
  residentBytesMax: 700 * 1024 * 1024,
  documentsPerChildMax: 200,
  startCpuMsMax: 60_000,
  startStillMsMax: 60_000,
  slowAfterCpuMs: 1500,
  standInsMax: 2,
  replacementsPerMinuteMax: 60,
  failedStartsMax: 5,
};
