import type { Dependencies } from '../../dependencies/dependencies.ts';
import type { AnyEndpoint } from '../../http/endpoint.ts';
import { todoApi } from './api.ts';
import { todoPages } from './pages.ts';
import { openTodos } from './table.ts';

/** A todo list in MySQL: pages for browsers and a JSON API for programs. */
export function todos({ database }: Pick<Dependencies, 'database'>): AnyEndpoint[] {
  const stored = openTodos(database);
  return [...todoPages(stored), ...todoApi(stored)];
}
