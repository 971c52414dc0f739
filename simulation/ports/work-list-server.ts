import type { KnownJob } from '../../processor/work-list/snapshot.ts';
import {
  FeedLost,
  type ClaimedItem,
  type FeedGrant,
  type FeedMove,
  type LostLease,
  type Offering,
  type WorkList,
} from '../../processor/work-list/work-list.ts';
import type { Correction, WorkChange } from '../../processor/work-list/work-change.ts';
import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import { isJobId } from '../../schemas/ids.ts';
import type { LogMark } from '../../schemas/events/log-mark.ts';
import type { World } from '../engine/world.ts';

export interface WorkRow {
  readonly jobId: string;
  owner: string;
  priority: number;
  requestedPosition: bigint;
  revision: bigint;
  place: 'offered' | 'claimed' | 'running' | 'later' | 'done' | 'held';
  notBefore: string | null;
  dueAtMs: number | null;
  workerId: string | null;
  fencingToken: string | null;
  leaseEndsAtMs: number | null;
  claimedUntilMs: number | null;
  touchedAtMs: number;
  /** The job at `revision`. A worker that has it starts the job without reading the stream. */
  known: KnownJob | null;
}

/** The tables of the work list. Each method is one transaction with the rules of the SQL in processor/work-list. */
export interface WorkListServer {
  readonly rows: Map<string, WorkRow>;
  position(): FeedGrant['position'];
  enlist(processorId: string, workerId: string): void;
  beat(processorId: string, workerId: string, restMs: number): boolean;
  leave(workerId: string): void;
  holdFeed(processorId: string, workerId: string, ttlMs: number): FeedGrant | null;
  dropFeed(workerId: string): void;
  standing(): Pick<FeedGrant, 'position' | 'mark'>;
  apply(changes: readonly WorkChange[], move: FeedMove, epoch: bigint): void;
  startOver(epoch: bigint): void;
  quarantine(held: readonly Quarantined[]): void;
  letGo(streams: readonly string[]): void;
  /** The streams in quarantine. */
  readonly quarantined: ReadonlySet<string>;
  revisionOf(jobId: string): bigint | null;
  correct(corrections: readonly Correction[]): void;
  claim(workerId: string, max: number, reserveMs: number): ClaimedItem[];
  release(workerId: string, jobIds: readonly string[]): void;
  offerDue(silentMs: number): Offering;
  lostLeases(silentMs: number, trustSilence: boolean, max: number): LostLease[];
  leasesOf(workerId: string): { jobId: string; fencingToken: string }[];
  untouched(untouchedMs: number, max: number): string[];
  held(max: number): string[];
  counts(): Awaited<ReturnType<WorkList['counts']>>;
}

/** A worker id consists of the processor's id, a dot and eight characters of the process's life. */
const LIFE_SUFFIX_CHARS = 9;

/** The error of Postgres for a text that is no uuid (SQLSTATE 22P02). */
class UuidRefused extends Error {
  readonly code = '22P02';

  constructor(text: string) {
    super(`invalid input syntax for type uuid: "${text}"`);
  }
}

/** @param forgetRetention deletes the marks of retention in the same transaction */
export function createWorkListServer(world: World, forgetRetention: () => void): WorkListServer {
  const rows = new Map<string, WorkRow>();
  const processors = new Map<string, { workerId: string; beatAtMs: number }>();
  const feed = {
    position: null as bigint | null,
    mark: null as LogMark | null,
    epoch: 0n,
    holder: null as string | null,
    heldUntilMs: 0,
  };
  const quarantined = new Set<string>();
  const now = (): number => world.nowMs();
  const all = (): WorkRow[] => [...rows.values()];
  const isAlive = (workerId: string | null, silentMs: number): boolean =>
    [...processors.values()].some((each) => each.workerId === workerId && each.beatAtMs > now() - silentMs);
  const offer = (row: WorkRow): void => {
    Object.assign(row, { place: 'offered', workerId: null, claimedUntilMs: null, touchedAtMs: now() });
  };

  const applyOne = (change: WorkChange): void => {
    const row = rows.get(change.jobId);
    if (change.placement.place === 'done') {
      if (row && row.revision <= change.revision) rows.delete(change.jobId);
      return;
    }
    if (row ? row.revision >= change.revision : change.standing === null) return;
    if (row?.place === 'held' && change.standing === null) return;
    const entered = row ?? { jobId: change.jobId };
    rows.set(change.jobId, Object.assign(entered, change.standing ?? {}, placed(change, now())) as WorkRow);
  };

  return {
    rows,
    position: () => feed.position ?? 'start',
    enlist: (processorId, workerId) => void processors.set(processorId, { workerId, beatAtMs: now() }),
    beat: (processorId, workerId, restMs) => {
      const known = processors.get(processorId);
      if (known && known.workerId !== workerId) return false;
      processors.set(processorId, { workerId, beatAtMs: now() + restMs });
      return true;
    },
    leave: (workerId) => {
      for (const [id, each] of processors) if (each.workerId === workerId) processors.delete(id);
    },
    holdFeed: (processorId, workerId, ttlMs) => {
      const { holder } = feed;
      const isFree = holder === null || holder === workerId || feed.heldUntilMs < now();
      if (!isFree && holder.slice(0, -LIFE_SUFFIX_CHARS) !== processorId) return null;
      if (holder !== workerId) feed.epoch += 1n;
      Object.assign(feed, { holder: workerId, heldUntilMs: now() + ttlMs });
      return { epoch: feed.epoch, position: feed.position ?? 'start', mark: feed.mark };
    },
    standing: () => ({ position: feed.position ?? 'start', mark: feed.mark }),
    dropFeed: (workerId) => {
      if (feed.holder === workerId) feed.holder = null;
    },
    apply: (changes, { from, to, mark }, epoch) => {
      const isWhereLeft = (feed.position ?? 'start') === from || feed.position === to;
      if (feed.epoch !== epoch || !isWhereLeft) throw new FeedLost(epoch);
      for (const { jobId } of changes) if (!isJobId(jobId)) throw new UuidRefused(jobId);
      const before = {
        position: feed.position,
        mark: feed.mark,
        rows: [...rows].map(([id, row]) => [id, { ...row }] as const),
      };
      feed.position = to === 'start' ? null : to;
      feed.mark = mark ?? feed.mark;
      for (const change of changes) applyOne(change);
      if (!world.random.chance(world.weather().listTakenBack)) return;
      world.trace.say('Postgres', () => `dies and takes back what was written to the work list up to ${to}`);
      Object.assign(feed, { position: before.position, mark: before.mark });
      rows.clear();
      for (const [id, row] of before.rows) rows.set(id, row);
    },
    startOver: (epoch) => {
      if (feed.epoch !== epoch) throw new FeedLost(epoch);
      Object.assign(feed, { position: null, mark: null });
      rows.clear();
      quarantined.clear();
      forgetRetention();
    },
    quarantined,
    quarantine: (held) => held.forEach(({ recorded }) => quarantined.add(recorded.stream)),
    letGo: (streams) => streams.forEach((stream) => quarantined.delete(stream)),
    revisionOf: (jobId) => rows.get(jobId)?.revision ?? null,
    correct: (corrections) => {
      for (const { rowRevision, ...change } of corrections) {
        const row = rows.get(change.jobId);
        const isStale =
          row && (row.place === 'claimed' || row.place === 'held') && row.revision === change.revision;
        const isAhead = row && row.revision > change.revision && row.revision === rowRevision;
        if (row && (row.revision < change.revision || isStale || isAhead))
          Object.assign(row, placed(change, now()), { owner: change.standing?.owner ?? row.owner });
      }
    },
    claim: (workerId, max, reserveMs) =>
      turns(all())
        .slice(0, max)
        .map((row) => {
          Object.assign(row, {
            place: 'claimed',
            workerId,
            claimedUntilMs: now() + reserveMs,
            touchedAtMs: now(),
          });
          const { jobId, owner, revision, notBefore, known } = row;
          return { jobId, owner, revision, notBefore, known };
        }),
    release: (workerId, jobIds) => {
      for (const jobId of jobIds) {
        const row = rows.get(jobId);
        if (row?.place === 'claimed' && row.workerId === workerId) offer(row);
      }
    },
    offerDue: (silentMs) => {
      const due = all().filter(
        (row) =>
          (row.place === 'later' && (row.dueAtMs ?? 0) <= now()) ||
          (row.place === 'claimed' &&
            ((row.claimedUntilMs ?? 0) < now() || !isAlive(row.workerId, silentMs))),
      );
      const isWaitedFor = all().some(({ place }) => ['offered', 'claimed', 'later'].includes(place));
      due.forEach(offer);
      return { offered: due.length, isWaitedFor };
    },
    lostLeases: (silentMs, trustSilence, max) => {
      const lost = all().flatMap((row): LostLease[] => {
        if (row.place !== 'running' || row.workerId === null || row.fencingToken === null) return [];
        const laterLife = processors.get(row.workerId.slice(0, -LIFE_SUFFIX_CHARS));
        const isOver = (row.leaseEndsAtMs ?? 0) < now();
        const isSilent = trustSilence && !isAlive(row.workerId, silentMs);
        const isFormer = laterLife !== undefined && laterLife.workerId !== row.workerId;
        const { jobId, fencingToken } = row;
        if (!isOver && !isSilent && !isFormer) return [];
        return [{ jobId, fencingToken, cause: isOver ? 'lease-ended' : 'processor-silent' }];
      });
      return lost.slice(0, max);
    },
    leasesOf: (workerId) =>
      all().flatMap(({ jobId, fencingToken, ...row }) =>
        row.place === 'running' && row.workerId === workerId && fencingToken !== null
          ? [{ jobId, fencingToken }]
          : [],
      ),
    untouched: (untouchedMs, max) => {
      const still = all().filter((row) => row.place !== 'offered' && row.touchedAtMs < now() - untouchedMs);
      const looked = still.sort((a, b) => a.touchedAtMs - b.touchedAtMs).slice(0, max);
      for (const row of looked) row.touchedAtMs = now();
      return looked.map(({ jobId }) => jobId);
    },
    held: (max) =>
      all()
        .filter(({ place }) => place === 'held')
        .slice(0, max)
        .map(({ jobId }) => jobId),
    counts: () => {
      const counts = { offered: 0, claimed: 0, running: 0, later: 0, held: 0 };
      for (const { place } of all()) if (place !== 'done') counts[place] += 1;
      return counts;
    },
  };
}

/** The row after a placement. */
function placed({ revision, placement, standing }: WorkChange, nowMs: number): Partial<WorkRow> {
  const running = placement.place === 'running' ? placement : null;
  const later = placement.place === 'later' ? placement : null;
  const claimed = placement.place === 'claimed' ? placement : null;
  return {
    revision,
    known: placement.place === 'offered' || claimed ? (standing?.known ?? null) : null,
    place: placement.place,
    notBefore: later?.notBefore ?? null,
    dueAtMs: later ? nowMs + later.waitMs : null,
    workerId: running?.workerId ?? claimed?.workerId ?? null,
    fencingToken: running?.fencingToken ?? null,
    leaseEndsAtMs: running ? nowMs + running.leaseMs : null,
    claimedUntilMs: claimed ? nowMs + claimed.reserveMs : null,
    touchedAtMs: nowMs,
  };
}

/**
 * Sorts the offered rows by turn: the number of running jobs of their owner, plus their place among the owner's rows.
 */
function turns(rows: readonly WorkRow[]): WorkRow[] {
  const inOrder = (a: WorkRow, b: WorkRow): number =>
    b.priority - a.priority || Number(a.requestedPosition - b.requestedPosition);
  const turnOf = new Map<string, number>();
  for (const { owner, place } of rows)
    if (place === 'claimed' || place === 'running') turnOf.set(owner, (turnOf.get(owner) ?? 0) + 1);
  const ranked = rows
    .filter(({ place }) => place === 'offered')
    .sort(inOrder)
    .map((row) => {
      const turn = (turnOf.get(row.owner) ?? 0) + 1;
      turnOf.set(row.owner, turn);
      return { row, turn };
    });
  return ranked.sort((a, b) => a.turn - b.turn || inOrder(a.row, b.row)).map(({ row }) => row);
}
