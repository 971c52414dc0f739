import type { AttackCategory } from './attack.ts';
import { upload } from './upload.ts';

/** Every attack, by category; the ids are those of the list that Docket is held to. */
export const CATEGORIES: readonly AttackCategory[] = [upload];
