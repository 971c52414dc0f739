/**
 * A flag of Node for processes that receive uploads. V8 keeps the buffers of finished reads until its young generation
 * is full, and that grows. An upload then costs up to 50 MB, and below 10 MB with this flag (size in MiB; with 2 it
 * sometimes exceeds 20 MB). A processor in the same process needs a seventh more time, so processes without uploads do
 * not set it (bench/README.md). The image of `deploy/Dockerfile` sets it too.
 */
export const SMALL_YOUNG_GENERATION = '--max-semi-space-size=1';
