/** A dependency did not do its part. The client learns 503 and nothing more; the log learns the rest. */
export class Unavailable extends Error {
  readonly dependency: string;
  /** The dependency's own code (`ECONNREFUSED`), or `TIMEOUT` when it did not answer in time. */
  readonly code: string;

  constructor(dependency: string, code: string, message: string, cause?: unknown) {
    super(`${dependency}: ${message}`, { cause });
    this.name = 'Unavailable';
    this.dependency = dependency;
    this.code = code;
  }
}
