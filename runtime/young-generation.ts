/**
 * Flag for the Node of a process that takes uploads. V8 lets the buffers of finished reads lie until its young
 * generation is full, and that grows: up to 50 MB beside an upload, below 10 MB with this (size in MiB; twice as much passes
 * 20 MB at times). It costs a processor in the same process a seventh more of its time, so processes without uploads go
 * without (bench/README.md). The image of `deploy/Dockerfile` has it too.
 */
export const SMALL_YOUNG_GENERATION = '--max-semi-space-size=1';
