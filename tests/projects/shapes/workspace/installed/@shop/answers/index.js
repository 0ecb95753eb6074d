export const answer = (text) => `heard ${text}`;
