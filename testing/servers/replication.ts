import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { type Mariadb, runAsRoot, startEmptyMariadb, startMariadb } from './mariadb.ts';

/** A primary and its read-only replica, with GTID replication. */
export interface ReplicatedMariadb {
  /** The environment variables for TheAPP to use both. */
  environment: Record<string, string>;
  primary: Mariadb;
  replica: Mariadb;
  /** Resolves when replication runs and the replica has all data of the primary. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

/** The servers replicate over a separate address, which is cut together with either of them. */
const [primaryAddress, replicaAddress, link] = ['127.0.1.1', '127.0.1.2', '127.0.1.3'];

/** Detects a broken or restored link within a second or two. */
const common = ['--gtid-strict-mode=1', '--slave-net-timeout=2', '--binlog-format=ROW'];

export async function startReplicatedMariadb(): Promise<ReplicatedMariadb> {
  const [primary, replica] = await Promise.all([
    startMariadb({
      address: primaryAddress,
      links: [link],
      args: ['--log-bin=log', '--server-id=1', `--bind-address=${primaryAddress},${link}`, ...common],
    }),
    startEmptyMariadb({
      address: replicaAddress,
      links: [link],
      args: ['--server-id=2', '--read-only=1', ...common],
    }),
  ]);
  await runAsRoot(primary, "GRANT REPLICATION SLAVE ON *.* TO replica@'127.%' IDENTIFIED BY 'replica-pass'");
  await runAsRoot(
    replica,
    `CHANGE MASTER TO MASTER_HOST = '${link}', MASTER_PORT = ${primary.port}, MASTER_USER = 'replica',
       MASTER_PASSWORD = 'replica-pass', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos;
     START SLAVE`,
  );
  const caughtUp = () => follow(primary, replica);
  await caughtUp();
  return {
    environment: {
      ...primary.environment,
      MYSQL_REPLICA_HOST: replica.address,
      MYSQL_REPLICA_PORT: String(replica.port),
    },
    primary,
    replica,
    caughtUp,
    async stop() {
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

/** Resolves when replication runs and the replica has all data of the primary. Fails after 30 s. */
export async function follow(primary: Mariadb, replica: Mariadb) {
  const [source, target] = await Promise.all([primary.root(), replica.root()]);
  try {
    for (const end = Date.now() + 30_000; ; await sleep(50)) {
      const [[sent]] = await source.query<RowDataPacket[]>('SELECT @@gtid_binlog_pos AS position');
      const [[received]] = await target.query<RowDataPacket[]>('SELECT @@gtid_slave_pos AS position');
      const [[status]] = await target.query<RowDataPacket[]>('SHOW SLAVE STATUS');
      const runs = status?.Slave_IO_Running === 'Yes' && status.Slave_SQL_Running === 'Yes';
      if (runs && sent?.position === received?.position) return;
      if (Date.now() > end) throw new Error(`the replica does not catch up: ${JSON.stringify(status)}`);
    }
  } finally {
    source.destroy();
    target.destroy();
  }
}
