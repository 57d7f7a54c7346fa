import type { Connection, RowDataPacket } from 'mysql2/promise';
import { marker } from './hostile.ts';

/** The statements that TheAPP has sent to MariaDB since `openLedger`. */
export interface Ledger {
  /** Distinct prepared statements, without values. */
  prepared: string[];
  /** Distinct statements that were sent as text. */
  texts: string[];
  /** The number of executions with hostile input as a value: it must get this far. */
  values: number;
}

/** Makes MariaDB log every statement from now on. */
export async function openLedger(root: Connection): Promise<void> {
  await root.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
}

export async function readLedger(root: Connection): Promise<Ledger> {
  await root.query('SET GLOBAL general_log = OFF');
  const of = async (kind: string) => {
    const [rows] = await root.query<RowDataPacket[]>(
      `SELECT DISTINCT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log
         WHERE user_host LIKE 'theapp[theapp]%' AND command_type = ?`,
      [kind],
    );
    return rows.map(({ statement }) => String(statement));
  };
  const executed = await of('Execute');
  return {
    prepared: await of('Prepare'),
    texts: await of('Query'),
    values: executed.filter((statement) => statement.includes(marker)).length,
  };
}

/** The state that no request may change: the schema, and the rows that the migrations inserted. */
export async function immutableState(root: Connection): Promise<Record<string, string>> {
  const [tables] = await root.query<RowDataPacket[]>('SHOW TABLES FROM theapp');
  const state: Record<string, string> = {};
  for (const table of tables.map((row) => String(Object.values(row)[0]))) {
    const [[made]] = await root.query<RowDataPacket[]>(
      'SHOW CREATE TABLE theapp.??'.replace('??', `\`${table}\``),
    );
    // The next id is not part of the schema.
    state[table] = String(made?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
    if (changing.has(table)) continue;
    const [rows] = await root.query<RowDataPacket[]>(`SELECT * FROM theapp.\`${table}\` ORDER BY 1`);
    state[`rows of ${table}`] = JSON.stringify(rows);
  }
  return state;
}

/** The tables that requests are supposed to change. */
const changing = new Set(['birthdays', 'todos']);
