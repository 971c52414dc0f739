import type { DrillGroup } from './drill.ts';
import { gatewayAnswers, gatewayOutages } from './groups/gateway-faults.ts';
import { killedProcessors } from './groups/killed-processors.ts';
import { poison } from './groups/poison.ts';
import { readSide } from './groups/read-side.ts';
import { mutatedPdfs, pdfBombs } from './groups/real-gateway.ts';
import { rolling } from './groups/rolling.ts';
import { s3 } from './groups/s3.ts';
import { storage } from './groups/storage.ts';
import { stores, storesTwo } from './groups/stores.ts';
import { timeAndRetention } from './groups/time-and-retention.ts';
import { writeSide } from './groups/write-side.ts';

/** The drill matrix, in houses. The longest come first, so that the last one to end is a short one. */
export const GROUPS: readonly DrillGroup[] = [
  mutatedPdfs,
  pdfBombs,
  killedProcessors,
  stores,
  storesTwo,
  timeAndRetention,
  readSide,
  gatewayOutages,
  rolling,
  storage,
  gatewayAnswers,
  s3,
  writeSide,
  poison,
];
