import type { Request } from 'express';
import type { z } from 'zod';
import { ApiError } from '../../runtime/http/api-error.ts';
import { JobId } from '../../schemas/ids.ts';

/** Parses the query of a request. An unknown key is refused (A-PP01). */
export function queryOf<Schema extends z.ZodType>(schema: Schema, request: Request): z.output<Schema> {
  const values = Object.values(request.query);
  if (values.some((value) => typeof value !== 'string' || value.includes('\0')))
    throw new ApiError('BAD_REQUEST', 'Each key of the query is given once, as plain text.');
  const parsed = schema.safeParse({ ...request.query });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ApiError('BAD_REQUEST', `The query is not valid${where ? ` at ${where.slice(0, 40)}` : ''}.`);
}

/**
 * The job id in the path.
 * @throws ApiError NOT_FOUND for anything but a lower-case UUID, because no such job can exist (A-ID02)
 */
export function jobIdOfPath(request: Request): string {
  const parsed = JobId.safeParse(request.params['id']);
  if (!parsed.success) throw new ApiError('NOT_FOUND');
  return parsed.data;
}
