import type { DerivedTable } from '../../read-store/projection-engine/projection.ts';
import type { CountedEvent } from './figures-table.ts';
import type { CountedStream } from './row.ts';

/** The transitions of the circuit breaker, each processor's in order. There is one stream of them, so its revision is the key. */
export const breakerTable: DerivedTable<CountedEvent, CountedStream> = {
  name: 'dashboard_breaker',
  columns: [
    { name: 'revision', type: 'bigint' },
    { name: 'position', type: 'bigint' },
    { name: 'at', type: 'timestamptz' },
    { name: 'processor_id', type: 'text' },
    { name: 'opened', type: 'boolean' },
    { name: 'failures', type: 'bigint' },
    { name: 'last_code', type: 'text' },
    { name: 'paused_ms', type: 'bigint' },
  ],
  keyColumns: 1,
  writes: 'append',
  entriesOf: (event, { revision, position }) => {
    if (event.type === 'GatewayPaused') {
      const { at, processorId, failures, lastCode } = event.data;
      return [[revision, position, at, processorId, true, failures, lastCode, null]];
    }
    if (event.type !== 'GatewayResumed') return [];
    const { at, processorId, pausedMs } = event.data;
    return [[revision, position, at, processorId, false, null, null, pausedMs]];
  },
};
