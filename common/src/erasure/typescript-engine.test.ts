import { describeEngine } from './engine-contract.fixture.ts';
import { TypeScriptEngine } from './typescript-engine.ts';

describeEngine('TypeScriptEngine', () => new TypeScriptEngine());
