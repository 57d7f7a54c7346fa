/** A load: requests over so many connections, as fast as answers come or evenly at a rate (requests/s). */
export interface Load {
  readonly url: string;
  /** Requested in turn. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number;
}
