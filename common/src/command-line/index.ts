/** What programs on the command line share: one parser, one help, one way to say what is wrong, tables, and progress. */
export type { Console, ExitCode } from './console.ts';
export type { FlagReader } from './flag-reader.ts';
export { allHelp } from './help.ts';
export { jsonText } from './json-text.ts';
export { parseCommandLine } from './parse.ts';
export type { CommandLine } from './parse.ts';
export { processConsole } from './process-console.ts';
export { namesOf } from './program.ts';
export type { Program } from './program.ts';
export { Progress } from './progress.ts';
export type { Reached } from './progress.ts';
export { runProgram } from './run-program.ts';
export { shortDuration } from './short-duration.ts';
export { Table } from './table.ts';
export type { Column } from './table.ts';
