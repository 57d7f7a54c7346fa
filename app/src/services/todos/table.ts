import type { RowDataPacket } from 'mysql2';
import type { Database } from '../../dependencies/dependencies.ts';
import type { Changes, NewTodo, Todo, TodoPage } from './schemas.ts';

/** The todos in MySQL: written to the primary, read from the replica unless they must be fresh. */
export interface Todos {
  list(place: { before?: number | undefined; limit: number }, fresh?: boolean): Promise<TodoPage>;
  find(id: number): Promise<Todo | undefined>;
  /** `key` is the idempotency key of the form: a repeated submission returns the first todo. */
  add(todo: NewTodo, key?: string): Promise<Todo>;
  /** Undefined if there is no such todo. */
  change(id: number, changes: Changes): Promise<Todo | undefined>;
  /** False if there is no such todo. */
  remove(id: number): Promise<boolean>;
}

const columns = 'id, title, text, done, created_at';
const newest = `SELECT ${columns} FROM todos ORDER BY id DESC LIMIT ?`;
const older = `SELECT ${columns} FROM todos WHERE id < ? ORDER BY id DESC LIMIT ?`;
const one = `SELECT ${columns} FROM todos WHERE id = ?`;
const insert = `INSERT INTO todos (title, text, created_at, form_key) VALUES (?, ?, ?, ?)
  ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`;
const update = `UPDATE todos
  SET title = COALESCE(?, title), text = COALESCE(?, text), done = COALESCE(?, done) WHERE id = ?`;

export function openTodos(database: Database): Todos {
  return {
    async list({ before, limit }, fresh = false) {
      // One more row tells whether there is a next page. As text: MySQL rejects a floating-point LIMIT.
      const most = String(limit + 1);
      const rows = await (before === undefined
        ? database.read(newest, [most], { fresh })
        : database.read(older, [before, most], { fresh }));
      const todos = rows.slice(0, limit).map(todoOf);
      return { todos, next: rows.length > limit ? (todos.at(-1)?.id ?? null) : null };
    },
    async find(id) {
      const { rows, from } = await database.readFrom(one, [id]);
      if (rows[0] || from === 'primary') return firstTodo(rows);
      // The replica may not have it yet, and clients follow Location at once.
      return firstTodo(await database.query(one, [id]));
    },
    async add({ title, text }, key) {
      const created = new Date();
      const { insertId } = await database.write(insert, [title, text, created, key ?? null]);
      return { id: insertId, title, text, done: false, createdAt: created.toISOString() };
    },
    async change(id, { title = null, text = null, done }) {
      const value = done === undefined ? null : Number(done);
      const { affectedRows } = await database.write(update, [title, text, value, id]);
      return affectedRows === 0 ? undefined : firstTodo(await database.query(one, [id]));
    },
    async remove(id) {
      return (await database.write('DELETE FROM todos WHERE id = ?', [id])).affectedRows > 0;
    },
  };
}

const firstTodo = ([row]: RowDataPacket[]) => (row ? todoOf(row) : undefined);

const todoOf = ({ id, title, text, done, created_at }: RowDataPacket): Todo => ({
  id,
  title,
  text,
  done: done === 1,
  createdAt: created_at.toISOString(),
});
