// Wildcards of the policy language: `*` for any run of characters, `?` for one, `${key}` for what the request says of a key.
// Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Variables and tags".
import type { Context } from './context';

const one = Symbol('one');
const any = Symbol('any');

type Token = string | typeof one | typeof any;

/** What the request put in a variable's place is text, whatever characters it has. Cost: no backtracking over more than one star. */
export function like(pattern: string, text: string, context: Context | null = null): boolean {
  const tokens = tokensOf(pattern, context);
  if (tokens === null) return false;
  const characters = [...text];
  let [token, at, star, starAt] = [0, 0, -1, 0];
  while (at < characters.length) {
    const here = tokens[token];
    if (here === any) {
      [star, starAt] = [token, at];
      token += 1;
    } else if (here !== undefined && (here === one || here === characters[at])) {
      token += 1;
      at += 1;
    } else if (star !== -1) {
      starAt += 1;
      [token, at] = [star + 1, starAt];
    } else return false;
  }
  return tokens.slice(token).every((left) => left === any);
}

/** With the variables replaced and no wildcards. Null when the request does not say what a variable asks for. */
export function filled(text: string, context: Context): string | null {
  if (!text.includes('${')) return text;
  let missing = false;
  const whole = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = valueOf(name, context);
    if (value === null) missing = true;
    return value ?? '';
  });
  return missing ? null : whole;
}

function tokensOf(pattern: string, context: Context | null): readonly Token[] | null {
  const tokens: Token[] = [];
  for (const part of context === null ? [pattern] : pattern.split(/(\$\{[^}]*\})/)) {
    if (context !== null && part.startsWith('${') && part.endsWith('}')) {
      const value = valueOf(part.slice(2, -1), context);
      if (value === null) return null;
      tokens.push(...value);
    } else for (const character of part) tokens.push(character === '*' ? any : character === '?' ? one : character);
  }
  return tokens;
}

function valueOf(name: string, context: Context): string | null {
  if (name === '*' || name === '?' || name === '$') return name;
  const [key = '', otherwise] = name.split(',');
  return context(key.trim().toLowerCase())?.[0] ?? /^\s*'(.*)'\s*$/.exec(otherwise ?? '')?.[1] ?? null;
}
