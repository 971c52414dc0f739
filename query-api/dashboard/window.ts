import { ApiError } from '../../runtime/http/api-error.ts';
import {
  DASHBOARD_BUCKETS_MAX,
  DASHBOARD_BUCKETS_MIN,
  DASHBOARD_RANGES_MIN,
  defaultBucket,
  type DashboardBucketName,
  type DashboardQuery,
  type DashboardRange,
} from '../../schemas/protocols/dashboard-api.ts';

/** The requested period: a number of buckets of one length. The last bucket contains the moment of the answer. */
export interface Window {
  readonly range: DashboardRange;
  readonly bucket: DashboardBucketName;
  readonly zone: string;
  readonly buckets: number;
}

/** @throws ApiError BAD_REQUEST for an unknown zone, or for more buckets than one answer may hold */
export function windowOf({ range, bucket = defaultBucket(range), zone }: DashboardQuery): Window {
  if (!isZone(zone)) throw new ApiError('BAD_REQUEST', 'This time zone is unknown.');
  const buckets = Math.ceil(DASHBOARD_RANGES_MIN[range] / DASHBOARD_BUCKETS_MIN[bucket]);
  if (buckets > DASHBOARD_BUCKETS_MAX)
    throw new ApiError(
      'BAD_REQUEST',
      `A ${bucket} is too short for ${range}; at most ${DASHBOARD_BUCKETS_MAX} fit.`,
    );
  return { range, bucket, zone, buckets };
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
