/** What is sent: by so many connections as fast as answers come, or evenly at a rate (requests/s). */
export interface Load {
  readonly url: string;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number;
}
