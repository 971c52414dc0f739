import type { DrillGroup } from './drill.ts';
import { startDrillInstallation } from './drill-installation.ts';
import { abuseGroup, fairSharesGroup } from './groups/fair-shares.ts';
import { fullDiskDrill } from './groups/full-disk.ts';
import { gatewayAnswers, gatewayOutages } from './groups/gateway-faults.ts';
import { logFileDrills } from './groups/log-files.ts';
import { killedProcessors } from './groups/killed-processors.ts';
import { olderLog } from './groups/older-log.ts';
import { poison } from './groups/poison.ts';
import { readSide } from './groups/read-side.ts';
import { realGateway } from './groups/real-gateway.ts';
import { rolling } from './groups/rolling.ts';
import { s3 } from './groups/s3.ts';
import { storageDrills } from './groups/storage.ts';
import { storeAddresses } from './groups/store-addresses.ts';
import { eventStoreDrills, postgresDrills } from './groups/stores.ts';
import { timeAndRetention } from './groups/time-and-retention.ts';
import { troubledGateway } from './groups/troubled-gateway.ts';
import { writeSide } from './groups/write-side.ts';

const withProcessor = (): ReturnType<typeof startDrillInstallation> =>
  startDrillInstallation({ processor: true });

/**
 * The drill matrix, in installations: a start takes as long as two short drills, so drills with the same kind of
 * installation share one. The longest drills come first, so that a short drill ends last. D60 leaves streams behind
 * that would disturb other drills.
 */
export const GROUPS: readonly DrillGroup[] = [
  {
    name: 'files-and-time',
    start: withProcessor,
    drills: [...postgresDrills, ...timeAndRetention, ...storageDrills, ...logFileDrills],
  },
  {
    name: 'event-store',
    start: withProcessor,
    drills: [...eventStoreDrills, ...storeAddresses, ...gatewayAnswers, ...writeSide],
  },
  realGateway,
  troubledGateway,
  abuseGroup,
  fairSharesGroup,
  fullDiskDrill,
  gatewayOutages,
  readSide,
  {
    name: 'processors',
    start: () => startDrillInstallation({ direct: true }),
    drills: [poison, ...killedProcessors],
  },
  rolling,
  s3,
  olderLog,
];
