import type { Response } from 'express';
import { ownerOf } from '../../identity/middleware.ts';

/** The address of routes about one job, and the owner for whom they answer. */
export interface Asker {
  readonly prefix: '/api/jobs' | '/api/ops/jobs';
  /** The owner of the request; null for an operator, who sees everyone's jobs. */
  readonly ownerOf: (res: Response) => string | null;
}

export const AS_OWNER: Asker = { prefix: '/api/jobs', ownerOf };

/** `identity.operatorsOnly` must protect these routes. */
export const AS_OPERATOR: Asker = { prefix: '/api/ops/jobs', ownerOf: () => null };
