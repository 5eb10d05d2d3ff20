/** What is wrong with the imports of `sources`, a map from paths below `src` (with `/`) to what stands in them. */
export function offences(sources: Map<string, string>): string[];
