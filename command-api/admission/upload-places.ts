/** An upload below this speed keeps its place only while no other upload needs the place. */
const PACE_WHEN_FULL_BYTES_PER_SEC = 32 * 1024;
/** An upload younger than this has no measured speed yet. */
const YOUNG_MS = 2_000;

/** An upload that requests a place. */
export interface PlaceFor {
  readonly clientKey: string;
  readonly owner: string;
  /** Number of bytes of the body received so far. */
  readonly bytes: () => number;
  /** False once the whole body has arrived. Such an upload will free its place soon. */
  readonly isReceiving: () => boolean;
  /** Ends the upload, because its place is needed. */
  readonly giveUp: () => void;
}

/** Places for uploads in progress, shared between addresses and then between owners. */
export interface UploadPlaces {
  /**
   * Takes a place. The returned function frees the place. Null when every address and owner already has a fair share.
   */
  take(upload: PlaceFor): (() => void) | null;
  taken(): number;
}

interface Held extends PlaceFor {
  readonly sinceMs: number;
}

/**
 * Any upload may take a free place. If none is free, the slowest upload of the address with the most uploads is
 * ended. That address must have at least two more than the new upload's address. Within one address the same rule
 * applies to owners. An upload slower than 32 KiB a second is ended when any other upload needs the place (A-UP12).
 * @param nowMs a clock that only goes forward, milliseconds
 */
export function shareUploadPlaces(placesMax: number, nowMs: () => number): UploadPlaces {
  const held = new Set<Held>();

  const victimFor = (asking: PlaceFor): Held | undefined => {
    const all = [...held].filter((one) => one.isReceiving());
    const slow = slowest(
      all.filter((one) => nowMs() - one.sinceMs >= YOUNG_MS),
      nowMs(),
    );
    if (slow && paceOf(slow, nowMs()) < PACE_WHEN_FULL_BYTES_PER_SEC) return slow;
    const greedy = withMostUploads(all, (one) => one.clientKey);
    if (greedy.key !== asking.clientKey) {
      const own = all.filter((one) => one.clientKey === asking.clientKey).length;
      return greedy.of.length >= own + 2 ? slowest(greedy.of, nowMs()) : undefined;
    }
    const greedyOwner = withMostUploads(greedy.of, (one) => one.owner);
    const own = greedy.of.filter((one) => one.owner === asking.owner).length;
    return greedyOwner.of.length >= own + 2 ? slowest(greedyOwner.of, nowMs()) : undefined;
  };

  return {
    take: (upload) => {
      if (held.size >= placesMax) {
        const victim = victimFor(upload);
        if (!victim) return null;
        held.delete(victim);
        victim.giveUp();
      }
      const place: Held = { ...upload, sinceMs: nowMs() };
      held.add(place);
      return () => void held.delete(place);
    },
    taken: () => held.size,
  };
}

function withMostUploads(
  all: readonly Held[],
  keyOf: (one: Held) => string,
): { readonly key: string; readonly of: readonly Held[] } {
  let most: { key: string; of: readonly Held[] } = { key: '', of: [] };
  for (const [key, of] of Map.groupBy(all, keyOf)) if (of.length > most.of.length) most = { key, of };
  return most;
}

function slowest(all: readonly Held[], nowMs: number): Held | undefined {
  return all.toSorted((one, other) => paceOf(one, nowMs) - paceOf(other, nowMs)).at(0);
}

/** Bytes per second since the upload began. */
function paceOf(upload: Held, nowMs: number): number {
  return (upload.bytes() * 1000) / Math.max(1, nowMs - upload.sinceMs);
}
