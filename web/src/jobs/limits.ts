/** The server's limits for jobs in one command and results in one zip. A test compares them with `schemas/`. */
export const COMMAND_JOBS_MAX = 500;
export const ZIP_RESULTS_MAX = 1_000;
/**
 * Longest list of ids in an address. Each id needs 37 characters, so the address is well below the usual limit of
 * servers (8 KiB).
 */
export const ZIP_IDS_MAX = 200;
