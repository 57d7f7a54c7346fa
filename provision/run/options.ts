import type { Host } from '../host.ts';
import type { Extra } from '../input/extraVars.ts';
import type { Context } from '../language/approach.ts';
import type { Change, Resource } from '../language/resource.ts';
import type { Reporter } from '../report/events.ts';
import type { Session } from '../shell/exchange.ts';
import type { Secret } from '../shell/secret.ts';

/** Opens a session on a host. `progress` receives what it waits for. */
export type Open = (host: Host, progress: (line: string) => void) => Promise<Session>;

/** The options of a run, and the functions with which it opens sessions, asks the user and reads secrets. */
export interface RunOptions {
  readonly check: boolean;
  /** The names of the hosts that `apply` may touch. */
  readonly limit: ReadonlySet<string>;
  /** The roles that `apply` may apply; all of them when absent. */
  readonly tags?: ReadonlySet<string>;
  readonly extras: readonly Extra[];
  /** How many hosts are worked on at the same time. */
  readonly forks: number;
  /** True after the first Ctrl-C. */
  readonly stopping: () => boolean;
  readonly report: Reporter;
  readonly open: Open;
  readonly secret: (name: string) => Secret;
  readonly secrets: Context<string>['secrets'];
  /** Asks the user a question. Throws unless the answer is yes. */
  readonly ask: (question: string) => Promise<void>;
  /** Asks before each change, with `--step`. */
  readonly confirm?: (
    host: string,
    role: string,
    resource: Resource,
    changes: readonly Change[],
  ) => Promise<boolean>;
}
