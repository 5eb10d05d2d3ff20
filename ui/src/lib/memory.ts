import type { MemoryEstimate } from '../backend';

export type MemoryPart = 'weights' | 'cache' | 'working';

/** What a model needs memory for, in the order and colours of its bar and of the legend to it. */
export const MEMORY_PARTS: readonly {
  part: MemoryPart;
  colour: string;
  bytes: (memory: MemoryEstimate) => number;
}[] = [
  { part: 'weights', colour: 'var(--text-2)', bytes: (memory) => memory.weights_bytes },
  { part: 'cache', colour: 'var(--accent)', bytes: (memory) => memory.cache_bytes },
  { part: 'working', colour: 'var(--line-strong)', bytes: (memory) => memory.working_bytes },
];
