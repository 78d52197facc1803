/** What the machine is, besides its disks. */
export { readNodeFacts } from './node-facts.ts';
export type {
  Fact,
  MemoryFacts,
  NetworkInterfaceFacts,
  NodeFacts,
  NodeFactsSource,
  ProcessorFacts,
} from './node-facts.ts';
