/** Where a connection goes and what is known about it: a Host with everything that ssh_config adds to it. */
export interface Target {
  /** What errors call it: the host's name, or `name, jump ADDRESS`. */
  readonly place: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Given for this host by hand: a problem with one of these is an error. */
  readonly keyFiles: readonly string[];
  /** ssh_config's, defaults included: those that do not exist are passed over. */
  readonly identityFiles: readonly string[];
  /** Offer no key of the agent but the ones that the files name. */
  readonly identitiesOnly: boolean;
  /** The agent's socket. */
  readonly agent?: string;
  readonly trust: Trust;
  /** Hosts to go through, first to last: `[user@]host[:port]` of ssh_config's ProxyJump. */
  readonly jumps: readonly string[];
  /** A silent server is asked every so many seconds, and counts as dead when so many questions have no answer. */
  readonly keepalive: { readonly seconds: number; readonly most: number };
  /** What was missing when this was put together: shown when the connection fails. */
  readonly note?: string;
}

/** Which host keys are accepted. */
export type Trust =
  | { readonly kind: 'exactly'; readonly keys: readonly string[] }
  | {
      readonly kind: 'files';
      /** known_hosts files; a key accepted for the first time is kept in the first of them. */
      readonly files: readonly string[];
      /** The name that the host has in them. */
      readonly name: string;
      readonly acceptNew: boolean;
    };

/** `user@address -p port`, as a person would type it after `ssh`. */
export function typed({ user, address, port }: Target): string {
  return `${port === 22 ? '' : `-p ${port} `}${user}@${address}`;
}

/** `address:port`, IPv6 addresses in brackets. */
export function endpoint({ address, port }: Pick<Target, 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
