/**
 * The read model over HTTP, read only: what was decided about every volume, as records with the paragraph that explains each.
 * Every answer says of which round it is and whether that is still the latest word.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { decisionRecord, explain } from '../brain/explain/index.ts';
import type { BoardEntry, BoardRound, DecisionBoard } from '../model/decision-board.ts';
import { continueToken, parseDecisionQuery } from './decision-query.ts';
import { answer, answerJson, answersGet, controllerAt, type HttpRequest, type HttpResponse } from './routes.ts';

export const DECISION_BOARD = 'DecisionBoard';

export class DecisionsController {
  readonly #board: DecisionBoard;

  constructor(board: DecisionBoard) {
    this.#board = board;
  }

  list(request: HttpRequest, response: HttpResponse): void {
    const { filter, limit, after } = parseDecisionQuery(request.query);
    const round = this.#round();
    const { entries, totalCount, nextAfter } = this.#board.page(filter, { limit, after });
    answerJson(response, 200, {
      round: roundJson(round),
      totalCount,
      ...(nextAfter === undefined ? {} : { continue: continueToken(nextAfter) }),
      items: entries.map(entryJson),
    });
  }

  one(request: HttpRequest, response: HttpResponse): void {
    const { volumeId = '' } = request.params;
    const round = this.#round();
    const entry = this.#board.find(volumeId);
    if (entry === undefined) {
      const fields = { field: 'volumeId', remedy: 'list /api/v1/decisions for the volumes that policies watch' };
      throw new CoucheStorError('notFound', `No policy watches a volume ${volumeId.slice(0, 253)}.`, { fields });
    }
    if (request.accepts(['json', 'text']) === 'text') {
      const stale = round.fresh ? '' : `Not fresh (${round.staleReason ?? ''}). `;
      answer(response, 200, 'text/plain; charset=utf-8', `${stale}${explain(entry.decision)}\n`);
    } else {
      answerJson(response, 200, { round: roundJson(round), ...entryJson(entry) });
    }
  }

  #round(): BoardRound {
    const { round, obstacle } = this.#board;
    if (round !== undefined) return round;
    const fields = { remedy: 'ask /readyz of the probes for what is missing' };
    throw new CoucheStorError('unavailable', `Nothing has been decided yet. ${obstacle}`, { fields });
  }
}

controllerAt('api/v1/decisions', DecisionsController, DECISION_BOARD);
answersGet(DecisionsController, 'list', '');
answersGet(DecisionsController, 'one', ':volumeId');

function roundJson({ sequence, decidedAtMs, fresh, staleReason }: BoardRound): Readonly<Record<string, unknown>> {
  const stale = staleReason === undefined ? {} : { staleReason };
  return { sequence, decidedAt: new Date(decidedAtMs).toISOString(), fresh, ...stale };
}

/** The record has the explanation in it. */
function entryJson({ decision, sinceMs }: BoardEntry): Readonly<Record<string, unknown>> {
  return { since: new Date(sinceMs).toISOString(), decision: decisionRecord(decision) };
}
