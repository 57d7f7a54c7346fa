/** What is told about every call of a dependency; the metrics listen. */
export interface Observer {
  /** `refused`: the breaker was open, nothing was sent. */
  call(dependency: string, outcome: 'ok' | 'failed' | 'refused', seconds: number): void;
  breaker(dependency: string, open: boolean): void;
}
