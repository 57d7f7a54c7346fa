/** A dependency failed. The client gets 503 without details; the details go to the log. */
export class Unavailable extends Error {
  readonly dependency: string;
  /** The error code of the dependency (`ECONNREFUSED`), or `TIMEOUT` when it did not respond in time. */
  readonly code: string;

  constructor(dependency: string, code: string, message: string, cause?: unknown) {
    super(`${dependency}: ${message}`, { cause });
    this.name = 'Unavailable';
    this.dependency = dependency;
    this.code = code;
  }
}
