/** The address of the page on its test double, and what ends it. */
export function serve(configFile?: string): Promise<{ address: string; close(): Promise<void> }>;
