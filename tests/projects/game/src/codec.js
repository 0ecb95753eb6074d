// Messages are bytes: what it is, then its numbers.
export const JOINED = 1;
export const MOVE = 2;
export const MOVED = 3;
export const REFUSED = 4;
export const OVER = 5;
export const SCORE = 6;

export function bytes(...numbers) {
  return new Uint8Array(numbers);
}

export function numbers(message) {
  return typeof message === "string" ? [] : [...new Uint8Array(message)];
}
