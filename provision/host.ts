/** A machine that can be reached over SSH: how to connect to it, and what roles know about it. */
export interface Host {
  readonly name: string;
  /** Where SSH connects: an IP address, a DNS name, or an alias in ssh_config. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** Private key files, tried before the keys of the agent and of ssh_config. */
  readonly keyFiles?: readonly string[];
  /** Its public host keys (`ssh-ed25519 AAAA…`), learned through a channel other than SSH; no other key is accepted. */
  readonly hostKeys?: readonly string[];
  /** A known_hosts file: the host key of a newly created machine is accepted once and recorded here. */
  readonly acceptNewIn?: string;
  readonly groups: readonly string[];
  /** The address at which the other machines of the approach reach it. */
  readonly privateAddress?: string;
  /** Forwarded ports: port on the machine → address and port on this computer. */
  readonly forwarded: Readonly<Record<number, { address: string; port: number }>>;
  /** Whether it is a container on this computer, which shares this computer's kernel. */
  readonly container?: boolean;
  /** Variables of this host only: role → variable → value. */
  readonly vars: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where such a variable is defined, as `file:line:column`; the path begins with the role. */
  readonly varsAt?: (path: readonly PropertyKey[]) => string;
  /** A file that contains the password for sudo. */
  readonly sudoPasswordFile?: string;
}
