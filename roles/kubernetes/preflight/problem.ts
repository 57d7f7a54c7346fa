/** Why a host cannot become a node, in the words of an error. */
export interface Problem {
  readonly what: string;
  readonly why?: string;
  readonly todo: string;
}

/** What a host must offer, besides what every node needs. */
export interface Needs {
  readonly controlPlane: boolean;
  /** More services that will run on it: port → service. */
  readonly ports: Readonly<Record<number, string>>;
  /** Whether workers reach the API servers through HAProxy of their own. */
  readonly balanced: boolean;
  readonly subnets: Subnets;
}

export type Subnets = Readonly<Record<'pod_subnet' | 'service_subnet', string>>;
