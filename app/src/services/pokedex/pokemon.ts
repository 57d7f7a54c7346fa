import { z } from 'zod';
import { type Database, Unavailable } from '../../dependencies/dependencies.ts';

/** The types that a pokémon can have; the table refuses any other as well (0003-pokemon.sql). */
export const pokemonTypes = [
  'fuego',
  'agua',
  'eléctrico',
  'hada',
  'planta',
  'fantasma',
  'lucha',
  'roca',
] as const;
export type PokemonType = (typeof pokemonTypes)[number];

const types: ReadonlySet<string> = new Set(pokemonTypes);

/** Whether the text is one of the types, accents included. */
export const isPokemonType = (text: string): text is PokemonType => types.has(text);

/** The name as it is asked for; the table has it in lower case. */
export const pokemonName = z
  .string()
  .max(30, 'expected 30 characters or fewer')
  .regex(/^[A-Za-z]+(-[A-Za-z]+)*$/, 'expected letters from a to z, parts joined by hyphens')
  .toLowerCase()
  .describe('Up to 30 letters from a to z, parts joined by hyphens; upper and lower case are the same');

/** The type of a pokémon and which server says so; no value when there is none of that name. */
export async function findType(database: Database, name: string) {
  const { rows, from } = await database.readFrom('SELECT type FROM pokemon WHERE name = ?', [name], {
    fresh: true,
  });
  if (rows[0] === undefined) return { value: undefined, from };
  const value = String(rows[0].type);
  if (!isPokemonType(value)) throw new Unavailable('mysql', 'BAD_ROW', `${name} has the type ${value}`);
  return { value, from };
}
