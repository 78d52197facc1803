// Jest's transform for TypeScript: the type stripping of Node itself, so that tests run the very code that the processes run.
// Types become white space, so lines and columns stay true without source maps.
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
