/** The target of a connection: a host completed with the settings of ssh_config. */
export interface Target {
  /** The place shown in errors: the host's name, or `name, jump host ADDRESS`. */
  readonly place: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Keys set explicitly for this host; a problem with one of them is an error. */
  readonly keyFiles: readonly string[];
  /** Keys from ssh_config and its defaults; files that do not exist are ignored. */
  readonly identityFiles: readonly string[];
  /** Whether only those keys of the agent are offered that the files name. */
  readonly identitiesOnly: boolean;
  /** The agent's socket. */
  readonly agent?: string;
  readonly trust: Trust;
  /** Hosts to go through, first to last: `[user@]host[:port]` of ssh_config's ProxyJump. */
  readonly jumps: readonly string[];
  /** Seconds between keepalives to a silent server, and how many may go unanswered before it is considered down. */
  readonly keepalive: { readonly seconds: number; readonly maxMissed: number };
  /** A note about missing settings, shown if the connection fails. */
  readonly note?: string;
}

/** Which host keys are accepted. */
export type Trust =
  | { readonly kind: 'exactly'; readonly keys: readonly string[] }
  | {
      readonly kind: 'files';
      /** known_hosts files; a key accepted for the first time is stored in the first one. */
      readonly files: readonly string[];
      /** The host's name in these files. */
      readonly name: string;
      readonly acceptNew: boolean;
    };

/** The arguments for `ssh`: `-p port user@address`. */
export function typed({ user, address, port }: Target): string {
  return `${port === 22 ? '' : `-p ${port} `}${user}@${address}`;
}

/** `address:port`, with IPv6 addresses in brackets. */
export function endpoint({ address, port }: Pick<Target, 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
