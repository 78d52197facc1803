/** For tests: the refusal that `run` ends in; anything else it throws goes on. */
import { ApiError } from '../api-error.ts';

export function caught(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
