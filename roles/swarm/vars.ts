import { z } from 'zod';
import { secretVariable } from '../../provision/index.ts';

const duration = z.string().regex(/^([1-9]\d*(h|m|s))+$/, 'expected a duration such as 2160h or 10s');
const hostName = z.string().min(1);

/** How a host joins an existing swarm. */
const join = z.strictObject({
  token: secretVariable,
  /** Where managers answer: `address:port`. */
  managers: z.array(z.string()).min(1),
  /** Ids of nodes of other swarms: a host with one of them has not joined this swarm. */
  strangers: z.array(z.string()),
});

/** A host that is in the swarm. */
const member = z.strictObject({
  host: hostName,
  id: z.string(),
  manager: z.boolean(),
  labels: z.array(z.string()),
});

export const vars = z.strictObject({
  init: z.boolean(),
  join: join.nullable(),
  members: z.array(member).nullable(),
  /** Hosts that were not reached: their nodes are kept. */
  absentees: z.array(hostName),
  subnets: z.cidrv4(),
  cert_expiry: duration,
  ca_generation: z.int().min(0),
  heartbeat: duration.nullable(),
  task_history: z.int().min(0).max(100),
  drained: z.array(hostName),
  drain_seconds: z.int().min(0).max(3600),
});
