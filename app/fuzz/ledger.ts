import type { Connection, RowDataPacket } from 'mysql2/promise';
import { marker } from './hostile.ts';

/** What TheAPP sent to MariaDB since `openLedger`. */
export interface Ledger {
  /** Statements that were prepared, each once: values are not part of them. */
  prepared: string[];
  /** Statements that were sent as text, each once. */
  texts: string[];
  /** How many executions had something of ours as a value: that it came as far as that is the point. */
  values: number;
}

/** MariaDB writes down every statement from now on. */
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

/** All that no request may change: which tables there are and how they are made, and what came with the migrations. */
export async function solidState(root: Connection): Promise<Record<string, string>> {
  const [tables] = await root.query<RowDataPacket[]>('SHOW TABLES FROM theapp');
  const state: Record<string, string> = {};
  for (const table of tables.map((row) => String(Object.values(row)[0]))) {
    const [[made]] = await root.query<RowDataPacket[]>(
      'SHOW CREATE TABLE theapp.??'.replace('??', `\`${table}\``),
    );
    // How far ids have come is no part of how a table is made.
    state[table] = String(made?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
    if (changing.has(table)) continue;
    const [rows] = await root.query<RowDataPacket[]>(`SELECT * FROM theapp.\`${table}\` ORDER BY 1`);
    state[`rows of ${table}`] = JSON.stringify(rows);
  }
  return state;
}

/** What requests are there to change. */
const changing = new Set(['birthdays', 'todos']);
