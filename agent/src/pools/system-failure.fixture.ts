/** What a call of the system throws, as Node throws it and as devices pass it on. */
import { constants } from 'node:os';
import type { CoucheStorError } from '@couchestor/common/base';
import { systemError, type FailedCall } from '../devices/index.ts';

/** Those that Node has no number for. */
const NUMBERS: Readonly<Record<string, number>> = { EBADE: 52, ENOLINK: 67, EBADMSG: 74, EUCLEAN: 117, EDQUOT: 122 };

const OTHERS: Readonly<Record<string, number>> = { ...constants.errno };

export function systemFailure(
  errno: string,
  call: FailedCall = { device: '/pool/file', operation: 'write' },
): CoucheStorError {
  const number = NUMBERS[errno] ?? OTHERS[errno] ?? 0;
  const thrown = Object.assign(new Error(`${errno}: refused, ${call.operation}`), {
    code: errno in NUMBERS ? `Unknown system error -${number}` : errno,
    errno: -number,
    syscall: call.operation,
  });
  return systemError(thrown, call);
}
