import type { Host } from '../host.ts';
import type { Secret } from '../shell/secret.ts';
import type { Script } from '../shell/sh.ts';
import type { Artefact } from './artefact.ts';
import type { Facts } from './facts.ts';
import type { RoleCall } from './role.ts';

/** The hosts of an approach: `all`, and one list for each of its groups. */
export type Hosts<G extends string> = Readonly<Record<G | 'all', readonly Host[]>>;

/** What an approach's code works with. */
export interface Context<G extends string> {
  readonly hosts: Hosts<G>;
  /**
   * Makes hosts agree with roles: all hosts side by side, each for itself; the await is the barrier. A host that
   * fails is left out of everything that follows; when none is left the run ends.
   */
  apply(hosts: Host | readonly Host[], ...roles: RoleCall[]): Promise<void>;
  /** Those of the hosts that `apply` would reach now: `--limit` names them, and nothing has gone wrong on them. */
  remaining(hosts: readonly Host[]): readonly Host[];
  /** A value from a host: the output of a script that changes nothing. `predicted` stands in for it under --list. */
  read(host: Host, script: Script, predicted?: string): Promise<string>;
  /** What cannot change of a host in a run. */
  facts(host: Host): Promise<Facts>;
  /** The variables of a role on a host: the call's, overridden by the host's own and then by `-e`. */
  variables<V>(host: Host, call: RoleCall<V>): V;
  /** Shows a warning, and the run goes on. The same message is shown once a run. */
  warn(message: string): void;
  /** A generated secret, made once and kept with the approach's others. */
  secret(name: string): Secret;
  /**
   * Something made or fetched on this computer: a build, a download. Everything a person gave is checked before it
   * is done; `predicted` stands in for it until then.
   */
  artefact(make: () => Promise<Artefact>, predicted?: Artefact): Promise<Artefact>;
}

/** What `verify` asks with: the running system, as a user would, from outside the machines. */
export interface Verification<G extends string> {
  readonly hosts: Hosts<G>;
  /** Where a port of a host answers from here: its forwarded port, or its own address. */
  url(host: Host, port: number, path?: string): string;
  /** Asks until the answer is as expected, for 30 s at most; each check is a line of the report. Gives the body. */
  expect(url: string, expected: Expected): Promise<string>;
}

export interface Expected {
  /** GET unless said. What changes something may be asked more than once. */
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Goes along as JSON. */
  readonly send?: unknown;
  /** The media type that is asked for; any unless said. */
  readonly accept?: string;
  readonly status?: number;
  /** The whole body, when a string; a pattern in it otherwise. */
  readonly body?: string | RegExp;
  /** Where the same is asked when the site sends everyone to TLS (status 308); any certificate is accepted. */
  readonly secure?: string;
}

export interface Approach<G extends string = string> {
  /** The groups of machines.yml that the approach speaks to. */
  readonly groups: readonly G[];
  provision(context: Context<G>): Promise<void>;
  verify(context: Verification<G>): Promise<void>;
  /** What says more when an answer is not the right one. */
  readonly hint?: string;
  /** Takes off what `provision` put on; the data stays unless `purge`. */
  decommission(context: Context<G> & { readonly purge: boolean }): Promise<void>;
  /** Puts the release before the present one back. */
  rollback?(context: Context<G>): Promise<void>;
  /** Where a person looks at the result. */
  urls(context: Pick<Verification<G>, 'hosts' | 'url'>): readonly string[];
}

/** Plain async code that applies roles to groups of hosts. */
export const approach = <const G extends string>(definition: Approach<G>): Approach<G> => definition;
