/** A machine of a lab as `lab status --json` shows it. Ports are on this computer's loopback interface. */
export interface Status {
  readonly name: string;
  readonly provider: 'qemu' | 'docker';
  readonly state: 'running' | 'stopped';
  readonly image: string;
  /** Only for virtual machines. */
  readonly accelerator?: 'kvm' | 'tcg';
  /** The emulator's process. */
  readonly pid?: number;
  /** The name of the container. */
  readonly container?: string;
  readonly ssh?: number;
  /** Port of the machine → port of this computer. */
  readonly ports: Readonly<Record<number, number>>;
  readonly privateAddress?: string;
  readonly snapshots: readonly string[];
}
