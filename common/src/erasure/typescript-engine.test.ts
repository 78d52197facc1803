import { describeEngine } from './engine-contract.fixture.ts';
import { describeFrozenCorpus } from './frozen-corpus.fixture.ts';
import { TypeScriptEngine } from './typescript-engine.ts';

describeEngine('TypeScriptEngine', () => new TypeScriptEngine());
describeFrozenCorpus('TypeScriptEngine', () => new TypeScriptEngine());
