/** Names on a disk are made by anybody: one that no parser takes is foreign, and no error. */
import { CoucheStorError } from '@couchestor/common/base';

/** Undefined where `parse` refuses as `invalid`. */
export function unlessInvalid<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof CoucheStorError && thrown.code === 'invalid') return undefined;
    throw thrown;
  }
}
