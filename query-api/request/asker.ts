import type { Response } from 'express';
import { ownerOf } from '../../identity/middleware.ts';

/** Under which address one job is asked for, and for whom. */
export interface Asker {
  readonly prefix: '/api/jobs' | '/api/ops/jobs';
  /** Whose jobs there are; null is an operator, who sees everyone's. */
  readonly ownerOf: (res: Response) => string | null;
}

export const AS_OWNER: Asker = { prefix: '/api/jobs', ownerOf };

/** Only behind `identity.operatorsOnly`. */
export const AS_OPERATOR: Asker = { prefix: '/api/ops/jobs', ownerOf: () => null };
