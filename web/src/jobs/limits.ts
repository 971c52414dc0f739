/** Most jobs in one command, and most results in one zip: the server's limits; a test compares them with `schemas/`. */
export const COMMAND_JOBS_MAX = 500;
export const ZIP_RESULTS_MAX = 1_000;
/** Longest list of ids in an address: 37 characters each, well below what servers take (8 KiB). */
export const ZIP_IDS_MAX = 200;
