/** TheAPP's one way to Redis, plain or through Sentinel. Throws Unavailable within REDIS_TIMEOUT_MS. */
export interface Store {
  get(key: string): Promise<string | null>;
  /** Keeps `value` for `seconds`; `onlyNew` leaves a value that is there already as it is. */
  set(key: string, value: string, seconds: number, options?: { onlyNew?: boolean }): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Adds one and answers the new number, once REDIS_WAIT_REPLICAS replicas have it. Never sent twice:
   * Unavailable after sending means that the number may have been counted, and nobody was given it.
   */
  increment(key: string): Promise<number>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
