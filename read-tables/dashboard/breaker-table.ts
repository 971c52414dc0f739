import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { ServiceEvent } from '../../schemas/events/service-events.ts';
import type { CountedEvent } from './figures-table.ts';
import type { CountedStream } from './streams-table.ts';

type Transition = Extract<ServiceEvent, { type: 'GatewayPaused' | 'GatewayResumed' }>;

interface Entry {
  readonly event: Transition;
  readonly recorded: StoredEvent;
}

const COLUMNS = columnsFor<Entry>()({
  revision: {
    type: 'bigint',
    comment: 'Place of the event in its stream.',
    of: ({ recorded }) => recorded.revision,
  },
  position: {
    type: 'bigint',
    comment: 'Position of the event in the log.',
    of: ({ recorded }) => recorded.position,
  },
  at: { type: 'timestamptz', comment: 'When it happened.', of: ({ event }) => event.data.at },
  processor_id: {
    type: 'text',
    comment: 'Whose circuit breaker.',
    of: ({ event }) => event.data.processorId,
  },
  opened: {
    type: 'boolean',
    comment: 'True when it opened.',
    of: ({ event }) => event.type === 'GatewayPaused',
  },
  failures: {
    type: 'bigint',
    nullable: true,
    comment: 'Failures that opened it.',
    of: ({ event }) => (event.type === 'GatewayPaused' ? event.data.failures : null),
  },
  last_code: {
    type: 'text',
    nullable: true,
    comment: 'Code of the last of them.',
    of: ({ event }) => (event.type === 'GatewayPaused' ? event.data.lastCode : null),
  },
  paused_ms: {
    type: 'bigint',
    nullable: true,
    comment: 'Milliseconds that it was open.',
    of: ({ event }) => (event.type === 'GatewayResumed' ? event.data.pausedMs : null),
  },
});

const valuesOf = valuesBy(COLUMNS);

/**
 * The transitions of the circuit breaker, in order for each processor. All are in one stream, so the revision is the
 * key.
 */
export const breakerTable: DerivedTable<CountedEvent, CountedStream> & DefinedTable = {
  name: 'dashboard_breaker',
  columns: listed(COLUMNS),
  keyColumns: 1,
  keyMade: 'at-end',
  writes: 'append',
  indexes: {},
  entriesOf: (event, recorded) =>
    event.type === 'GatewayPaused' || event.type === 'GatewayResumed' ? [valuesOf({ event, recorded })] : [],
};
