import type { Host } from '../host.ts';
import type { Secret } from '../shell/secret.ts';
import type { Script } from '../shell/sh.ts';
import type { Artefact } from './artefact.ts';
import type { Facts } from './facts.ts';
import type { RoleCall } from './role.ts';

/** The hosts of an approach: `all`, and one list for each group. */
export type Hosts<G extends string> = Readonly<Record<G | 'all', readonly Host[]>>;

/** The functions available to an approach's code. */
export interface Context<G extends string, E extends string = string> {
  readonly hosts: Hosts<G>;
  /** The environments to work on: the one that the user has named, or all of them. */
  readonly environments: readonly E[];
  /**
   * Brings hosts to the state that the roles describe. Hosts run in parallel and independently; the await is the
   * barrier. A host that fails is skipped from then on; the run ends when no host is left.
   */
  apply(hosts: Host | readonly Host[], ...roles: RoleCall[]): Promise<void>;
  /** The hosts that `apply` would act on now: selected by `--limit`, and not failed so far. */
  remaining(hosts: readonly Host[]): readonly Host[];
  /** Reads a value from a host: the output of a script that changes nothing. `--list` uses `predicted` instead. */
  read(host: Host, script: Script, predicted?: string): Promise<string>;
  /** The properties of a host that cannot change during a run. */
  facts(host: Host): Promise<Facts>;
  /** The variables of a role on a host: those of the call, overridden by the host's own and then by `-e`. */
  variables<V>(host: Host, call: RoleCall<V>): V;
  /** Shows a warning and continues. The same message is shown only once per run. */
  warn(message: string): void;
  /** Shows what the code has found out, such as which release runs. */
  say(message: string): void;
  /** Asks the user, and ends the run unless the answer is yes. `--yes` answers in advance; `--check` does not ask. */
  confirm(question: string): Promise<void>;
  /** Runs `verify` for one environment. Does nothing during `--check`, because a verification sends requests that write. */
  verify(environment: E): Promise<void>;
  /** A generated secret, created once and stored with the approach's other secrets. */
  secret(name: string): Secret;
  /**
   * Secrets of an environment, such as staging, from the approach's encrypted file `secrets/ENVIRONMENT.age`. Those that
   * are missing are generated and added to it, but not by a dry run. `beforeGenerating` gets their names first, and
   * throws if new ones must not be generated.
   */
  secrets<N extends string>(
    environment: string,
    names: readonly N[],
    beforeGenerating?: (names: readonly string[]) => Promise<void>,
  ): Promise<Record<N, Secret>>;
  /**
   * A file built or downloaded on this computer. `make` runs only once all input has been checked; the check uses
   * `predicted` instead.
   */
  artefact(make: () => Promise<Artefact>, predicted?: Artefact): Promise<Artefact>;
}

/** The functions available to `verify`, which tests the running system, mostly from outside the machines, as a user would. */
export interface Verification<G extends string, E extends string = string> {
  readonly hosts: Hosts<G>;
  /** The environments to verify. */
  readonly environments: readonly E[];
  /** The URL of a host's port as seen from this computer: through a forwarded port, or at the host's address. */
  url(host: Host, port: number, path?: string): string;
  /**
   * Sends a request until the response is as expected: for up to 2 min while nothing answers, and up to 30 s while the
   * response is wrong. Each check is a line of the report. Returns the body.
   */
  expect(url: string, expected: Expected): Promise<string>;
  /**
   * Checks what cannot be seen from outside: runs a script that changes nothing on a host, as root, and judges its
   * output. `judge` returns the words for the line of the report, or throws what is wrong and which command helps.
   */
  check(host: Host, name: string, script: Script, judge: (printed: string) => string): Promise<void>;
}

export interface Expected {
  /** Default: GET. A request may be sent more than once, also one that changes something. */
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** The request body, sent as JSON. */
  readonly send?: unknown;
  /** The Accept header; any media type by default. */
  readonly accept?: string;
  readonly status?: number;
  /** A string is the whole body; a regular expression matches part of it. */
  readonly body?: string | RegExp;
  /** The HTTPS URL to try if the site redirects to TLS (status 308); any certificate is accepted. */
  readonly secure?: string;
}

export interface Approach<G extends string = string, E extends string = string> {
  /** The groups of machines.yml that the approach uses. */
  readonly groups: readonly G[];
  /**
   * The environments, each with a release and secrets of its own, in the order in which a release reaches them:
   * `npm run promote` takes it from the first to the second. `-e environment=NAME` selects one.
   */
  readonly environments?: readonly E[];
  provision(context: Context<G, E>): Promise<void>;
  verify(context: Verification<G, E>): Promise<void>;
  /** What to do when a check of `verify` fails, for example a command that shows the logs. */
  readonly hint?: string;
  /** Removes what `provision` installed; data is kept unless `purge` is set. */
  decommission(context: Context<G, E> & { readonly purge: boolean }): Promise<void>;
  /** Rolls back to the previous release, in one environment if there are several. */
  rollback?(context: Context<G, E>): Promise<void>;
  /** `npm run deploy`: builds the current release and rolls it out in one environment. */
  deploy?(context: Context<G, E>): Promise<void>;
  /** `npm run promote`: rolls the release of one environment out in another. */
  promote?(context: Context<G, E> & { readonly from: E; readonly to: E }): Promise<void>;
  /**
   * Secrets of the environments that the running system does not take over when they change, each with what to do
   * instead: `npm run secrets -- rotate` does not replace them.
   */
  readonly fixedSecrets?: Readonly<Record<string, string>>;
  /** The URLs shown at the end of a run. */
  urls(context: Pick<Verification<G, E>, 'hosts' | 'url' | 'environments'>): readonly string[];
}

/** Plain async code that applies roles to groups of hosts. */
export const approach = <const G extends string, const E extends string = string>(
  definition: Approach<G, E>,
): Approach<G, E> => definition;
