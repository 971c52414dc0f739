/** The limits of the pool. `DEFAULT_POOL_LIMITS` has a value for each. */
export interface PoolLimits {
  readonly children: number;
  /** The most documents that may wait for a free child. The pool refuses further documents as `OVERLOADED`. */
  readonly waitingMax: number;
  /**
   * Processor time of a child for one document. It is not wall clock: on a busy machine, a document takes long
   * through no fault of its own.
   */
  readonly documentCpuMsMax: number;
  /**
   * The time for which a child may use no processor time on a document. After that, the document is tried once in
   * another child.
   */
  readonly documentStillMsMax: number;
  readonly residentBytesMax: number;
  /**
   * Number of documents after which a child is replaced, so that a slow memory leak has no effect. A start costs as
   * much processor time as a hundred documents (ADR 0183).
   */
  readonly documentsPerChildMax: number;
  /** The most processor time of a child during its start. */
  readonly startCpuMsMax: number;
  /** The time for which a starting child may use no processor time. After that, the pool ends the child. */
  readonly startStillMsMax: number;
  /**
   * Processor time after which a document counts as slow. Its child gets a lower priority, and another child takes its
   * place.
   */
  readonly slowAfterCpuMs: number;
  /**
   * The most additional children. An additional child takes the place of a child with a slow document. Each may use
   * `residentBytesMax`.
   */
  readonly standInsMax: number;
  /** The most unplanned replacements within a minute. With more, the pool refuses new documents for a while. */
  readonly replacementsPerMinuteMax: number;
  /** When this many children in a row end during their start, before any child was ready, the pool gives up. */
  readonly failedStartsMax: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  children: 2,
  waitingMax: 64,
  documentCpuMsMax: 20_000,
  documentStillMsMax: 10_000,
  residentBytesMax: 700 * 1024 * 1024,
  documentsPerChildMax: 1_000,
  startCpuMsMax: 60_000,
  startStillMsMax: 60_000,
  slowAfterCpuMs: 1500,
  standInsMax: 2,
  replacementsPerMinuteMax: 60,
  failedStartsMax: 5,
};
