/** TheAPP's one way to Memcached: counts that may be lost. Throws Unavailable within MEMCACHED_TIMEOUT_MS. */
export interface Counts {
  /** Adds one, atomically, and answers the new count: 1 the first time. */
  increment(key: string): Promise<number>;
  close(): Promise<void>;
}
