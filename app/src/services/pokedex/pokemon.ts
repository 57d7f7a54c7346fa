import { z } from 'zod';
import { type Database, Unavailable } from '../../dependencies/dependencies.ts';

/** The valid types of a pokémon; the table rejects any other (0003-pokemon.sql). */
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

/** Whether the text is one of the types; accents matter. */
export const isPokemonType = (text: string): text is PokemonType => types.has(text);

/** The name in a request; the table stores it in lower case. */
export const pokemonName = z
  .string()
  .max(30, 'expected 30 characters or fewer')
  .regex(/^[A-Za-z]+(-[A-Za-z]+)*$/, 'expected letters from a to z, with single hyphens between them')
  .toLowerCase()
  .describe('Up to 30 letters from a to z, with single hyphens between them; not case-sensitive');

/** The type of a pokémon and the server it was read from; undefined if there is no such pokémon. */
export async function findType(database: Database, name: string) {
  const { rows, from } = await database.readFrom('SELECT type FROM pokemon WHERE name = ?', [name], {
    fresh: true,
  });
  if (rows[0] === undefined) return { value: undefined, from };
  const value = String(rows[0].type);
  if (!isPokemonType(value)) throw new Unavailable('mysql', 'BAD_ROW', `${name} has the type ${value}`);
  return { value, from };
}
