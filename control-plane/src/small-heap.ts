/**
 * Makes V8 prefer a small heap to a fast one, for this process, however it was started. It must be the first import of a main
 * module, before anything allocates. Without it the young generation grows to three times 16 MiB and the old one is collected
 * late, since what a round of planning throws away looks like what it keeps; what that costs is in `docs/measurements.md`.
 * The limit of the heap is left to Node, which derives it from the memory limit of the container.
 */
import { setFlagsFromString } from 'node:v8';

/** Collect earlier, compact more. */
setFlagsFromString('--optimize-for-size');
/** The young generation stays as large as it begins; `--max-semi-space-size` has no effect any more in a running process. */
setFlagsFromString('--semi-space-growth-factor=1');
